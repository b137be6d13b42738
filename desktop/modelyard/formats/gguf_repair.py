"""What is missing in a GGUF's metadata and can be told from the rest of it: chat template, pre-tokenizer, end token.

Proposals only. They go into a copy of ours when the person agrees; a person's file is never changed.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gguf import read_array
from .gguf_facts import GgufKind, embeds, kind_of
from .gguf_values import GgufHeader, ValueType, readable
from .source import ByteSource

# Pre-tokenizers by architecture, then by vocabulary size where models of one architecture differ (llama.cpp
# conversion/base.py names them by fingerprint, which needs the tokenizer.json that a GGUF no longer has).
_PRE_BY_ARCHITECTURE = {
    "qwen2": "qwen2",
    "qwen2moe": "qwen2",
    "qwen2vl": "qwen2",
    "qwen3": "qwen2",
    "qwen3moe": "qwen2",
    "qwen3vl": "qwen2",
    "qwen3vlmoe": "qwen2",
    "qwen3next": "qwen2",
    "gpt2": "gpt-2",
    "phi2": "gpt-2",
    "mpt": "mpt",
    "olmo": "olmo",
    "olmoe": "olmo",
    "starcoder": "starcoder",
    "starcoder2": "starcoder",
    "refact": "refact",
    "codeshell": "codeshell",
    "bloom": "bloom",
    "falcon": "falcon",
    "command-r": "command-r",
    "cohere2": "command-r",
    "dbrx": "dbrx",
    "olmo2": "dbrx",
    "exaone": "exaone",
    "exaone4": "exaone4",
    "glm4": "glm4",
    "chatglm": "chatglm-bpe",
    "jais": "jais",
}
_PRE_BY_VOCABULARY = {
    128256: "llama-bpe",
    49152: "smollm",
    100352: "dbrx",
    129280: "deepseek-v3",
    102400: "deepseek-llm",
    32256: "deepseek-coder",
    200064: "gpt-4o",
    201088: "gpt-4o",
}
_STABLELM_2 = 100352  # the vocabulary of StableLM 2; the one before has no pre-tokenizer of its own
_TEMPLATE = "tokenizer.chat_template"
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")
_TEXT_ENDS = ("</s>", "<|endoftext|>", "<eos>", "<|end_of_text|>", "<｜end▁of▁sentence｜>")
_TUNED = frozenset({"instruct", "chat", "it", "assistant", "sft", "dpo", "rlhf", "thinking", "reasoning"})
_BASE = frozenset({"base", "pretrain", "pretrained", "foundation"})
PERHAPS = "chat_template_perhaps"


@dataclass(frozen=True)
class Repair:
    """One proposal: `key` gets `value`; `shown` names the format, pre-tokenizer or token. kind: "chat_template",
    PERHAPS (the same, where nothing tells whether the model ever learned to converse), "pre_tokenizer" or
    "end_token"."""

    kind: str
    key: str
    type: ValueType
    value: str | int
    shown: str


def repairs(source: ByteSource, header: GgufHeader) -> tuple[Repair, ...]:
    """Proposals for a model's file; empty for anything else. Raises FILE_CHANGED, FILE_UNREADABLE, GGUF_INVALID."""
    if kind_of(header) is not GgufKind.MODEL or not header.complete:
        return ()
    entry = header.metadata.get("tokenizer.ggml.tokens")
    if entry is None or entry.element is not ValueType.STRING or embeds(header):
        return ()
    found = [_pre_tokenizer(header, entry.count)]
    if not header.text(_TEMPLATE) or _end_is_wrong(header, entry.count):
        read = read_array(source, entry)
        tokens = {readable(str(token)): number for number, token in enumerate(read)}
        template = _chat_template(header, tokens)
        known = header.text(_TEMPLATE) or (str(template.value) if template else "")
        found += [template, _end_token(header, tokens, known)]
    return tuple(each for each in found if each is not None)


def _pre_tokenizer(header: GgufHeader, vocabulary: int) -> Repair | None:
    """Only byte-level BPE needs one; without it llama.cpp cuts words wrongly and says so only in its log."""
    key = "tokenizer.ggml.pre"
    if header.text("tokenizer.ggml.model") != "gpt2" or header.text(key) not in ("", "default"):
        return None
    architecture = header.text("general.architecture")
    if architecture == "stablelm":
        name = "stablelm2" if vocabulary == _STABLELM_2 else None
    else:
        name = _PRE_BY_ARCHITECTURE.get(architecture) or _PRE_BY_VOCABULARY.get(vocabulary)
    return Repair("pre_tokenizer", key, ValueType.STRING, name, name) if name else None


def _chat_template(header: GgufHeader, tokens: Mapping[str, int]) -> Repair | None:
    if header.text(_TEMPLATE):
        return None
    for name, known in _formats().items():
        if all(token in tokens for token in known["needs"]):
            converses = _converses(header, tokens, known)
            if converses is False:
                return None
            return Repair("chat_template" if converses else PERHAPS, _TEMPLATE, ValueType.STRING, known["jinja"], name)
    return None


def _converses(header: GgufHeader, tokens: Mapping[str, int], known: Mapping[str, Any]) -> bool | None:
    """The vocabulary of a base model has the tokens of a conversation too; its weights never saw one. Told by names,
    else by the token that ends a text, else by the name's parts, which llama.cpp's converter writes one by one. None:
    it may be a base model, or a tuned one that was made badly."""
    finetune = header.text("general.finetune")
    words = _words(finetune, header.text("general.name"), header.text("general.basename"), header.name)
    if words & _TUNED:
        return True
    if words & _BASE:
        return False
    if "pt" in words:  # pre-trained, or Portuguese
        return None
    if finetune or _end_is_wrong(header, len(tokens)):
        return True
    if base_end := known.get("base_end"):
        return tokens.get(base_end) != header.integer("tokenizer.ggml.eos_token_id") or None
    return "general.basename" not in header.metadata or None


def _words(*names: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z0-9]+", " ".join(names).lower()))


def _end_is_wrong(header: GgufHeader, vocabulary: int) -> bool:
    end = header.integer("tokenizer.ggml.eos_token_id")
    return end is None or not 0 <= end < vocabulary


def _end_token(header: GgufHeader, tokens: Mapping[str, int], template: str) -> Repair | None:
    """The one that ends a turn in the template; of a model without one, that which ends a text."""
    if not _end_is_wrong(header, len(tokens)):
        return None
    every = (*_TURN_ENDS, *_TEXT_ENDS) if template else (*_TEXT_ENDS, *_TURN_ENDS)
    ends: Sequence[str] = sorted(every, key=lambda token: token not in template)
    found = next((token for token in ends if token in tokens), None)
    key = "tokenizer.ggml.eos_token_id"
    return Repair("end_token", key, ValueType.UINT32, tokens[found], found) if found else None


@functools.cache
def _formats() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("chat_formats.toml").read_text(encoding="utf-8"))
