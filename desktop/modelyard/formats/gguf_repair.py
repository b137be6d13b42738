"""What is missing in a GGUF's metadata and can be told from the rest of it: chat template, pre-tokenizer, end token.

Proposals only. They go into a copy of ours when the person agrees; a person's file is never changed.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gguf import read_array
from .gguf_facts import GgufKind, embeds, kind_of
from .gguf_values import GgufHeader, ValueType, readable
from .source import ByteSource

# Pre-tokenizers by vocabulary size, then by architecture (llama.cpp conversion/base.py names them by fingerprint,
# which needs the tokenizer.json that a GGUF no longer has).
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
_PRE_BY_ARCHITECTURE = {
    "qwen2": "qwen2",
    "qwen2moe": "qwen2",
    "qwen3": "qwen2",
    "qwen3moe": "qwen2",
    "gpt2": "gpt-2",
    "phi2": "gpt-2",
    "starcoder2": "starcoder",
    "falcon": "falcon",
    "command-r": "command-r",
    "cohere2": "command-r",
    "olmo2": "dbrx",
}
_END_TOKENS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>", "<|endoftext|>", "<eos>", "<|end_of_text|>")


@dataclass(frozen=True)
class Repair:
    """One proposal: `key` gets `value`. kind: "chat_template", "pre_tokenizer" or "end_token"; `shown` names the
    format, pre-tokenizer or token."""

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
    if not header.text("tokenizer.chat_template") or _end_is_wrong(header, entry.count):
        read = read_array(source, entry)
        tokens = {readable(str(token)): number for number, token in enumerate(read)}
        found += [_chat_template(header, tokens), _end_token(header, tokens)]
    return tuple(each for each in found if each is not None)


def _pre_tokenizer(header: GgufHeader, vocabulary: int) -> Repair | None:
    """Only byte-level BPE needs one; without it llama.cpp cuts words wrongly and says so only in its log."""
    key = "tokenizer.ggml.pre"
    if header.text("tokenizer.ggml.model") != "gpt2" or header.text(key) not in ("", "default"):
        return None
    name = _PRE_BY_VOCABULARY.get(vocabulary) or _PRE_BY_ARCHITECTURE.get(header.text("general.architecture"))
    return Repair("pre_tokenizer", key, ValueType.STRING, name, name) if name else None


def _chat_template(header: GgufHeader, tokens: Mapping[str, int]) -> Repair | None:
    key = "tokenizer.chat_template"
    if header.text(key):
        return None
    for name, known in _formats().items():
        if all(token in tokens for token in known["needs"]):
            return Repair("chat_template", key, ValueType.STRING, known["jinja"], name)
    return None


def _end_is_wrong(header: GgufHeader, vocabulary: int) -> bool:
    end = header.integer("tokenizer.ggml.eos_token_id")
    return end is None or not 0 <= end < vocabulary


def _end_token(header: GgufHeader, tokens: Mapping[str, int]) -> Repair | None:
    if not _end_is_wrong(header, len(tokens)):
        return None
    template = header.text("tokenizer.chat_template")
    ends: Sequence[str] = sorted(_END_TOKENS, key=lambda token: token not in template)
    found = next((token for token in ends if token in tokens), None)
    key = "tokenizer.ggml.eos_token_id"
    return Repair("end_token", key, ValueType.UINT32, tokens[found], found) if found else None


@functools.cache
def _formats() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("chat_formats.toml").read_text(encoding="utf-8"))
