"""What the header of a finished GGUF tells an engine: how a conversation is formatted, how much it may remember."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..engines.base import ChatFormat
from ..formats.gguf import read_array, read_header
from ..formats.gguf_facts import GgufFacts, facts
from ..formats.gguf_values import GgufHeader, readable
from ..formats.source import FileSource
from ..host.machine import Machine

_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")
_END_OF_TURN = re.compile(r"<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|<\|end\|>|<\|END_OF_TURN_TOKEN\|>|<turn\|>")
_CONTEXTS = (32768, 16384, 8192, 4096)
_SHARE = 0.6  # of the memory, for weights and conversation together


@dataclass(frozen=True)
class FinishedFile:
    """`context`: a conversation memory (tokens) that fits this computer and the model."""

    facts: GgufFacts
    format: ChatFormat
    context: int


def look_at(path: Path, machine: Machine) -> FinishedFile:
    """Raises the GGUF_* codes, FILE_MISSING, FILE_UNREADABLE."""
    with FileSource(path) as source:
        header = read_header(source)
        known = facts(header)
        tokens = _tokens(source, header)
    return FinishedFile(known, _chat_format(header, known, tokens), _context(known, path.stat().st_size, machine))


def _chat_format(header: GgufHeader, known: GgufFacts, tokens: list[str]) -> ChatFormat:
    def text(key: str) -> str:
        number = header.integer(f"tokenizer.ggml.{key}")
        return tokens[number] if number is not None and 0 <= number < len(tokens) else ""

    ends = [text(key) for key in _END_KEYS]
    vocabulary = set(tokens)
    # The template closes a turn with its own token, which some fine-tunes forget to name as EOS.
    ends += [each for each in _END_OF_TURN.findall(known.chat_template) if each in vocabulary]
    return ChatFormat(
        architecture=known.architecture,
        template=known.chat_template,
        bos_token=text("bos_token_id"),
        eos_token=text("eos_token_id"),
        end_tokens=tuple(dict.fromkeys(each for each in ends if each)),
    )


def _tokens(source: FileSource, header: GgufHeader) -> list[str]:
    entry = header.metadata.get("tokenizer.ggml.tokens")
    if entry is None or entry.element is None:
        return []
    value = read_array(source, entry)
    return [readable(each) for each in value] if isinstance(value, list) else []


def _context(known: GgufFacts, weight_bytes: int, machine: Machine) -> int:
    limit = known.context_length or _CONTEXTS[-1]
    if known.memory is None:
        return min(limit, _CONTEXTS[-1])
    for context in _CONTEXTS:
        tokens = min(context, limit)
        if weight_bytes + known.memory.bytes_for(tokens) <= machine.memory * _SHARE:
            return tokens
    return min(limit, _CONTEXTS[-1])
