"""What an engine that keeps files itself wants to know about a GGUF. Reading headers is the work of formats/, which
engines do not know: the composition root hands in a function `Describe`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelFacts:
    """Facts of a model's header. JSON-able through `to_json`.

    `cache_bytes`: bytes of conversation memory for some context lengths (tokens → bytes), empty if unknown.
    `has_towers`: pictures are understood without a projector file. `metadata`: what is worth showing.
    """

    architecture: str = ""
    parameters: int | None = None
    size_label: str = ""
    context_length: int | None = None
    weight_bytes: int = 0
    chat_template: str = ""
    licence: str = ""
    is_embedding: bool = False
    has_towers: bool = False
    cache_bytes: Mapping[int, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def capabilities(self, projector: bool) -> tuple[str, ...]:
        """Names as engines show them. Tools and thinking are told from the words of the chat template."""
        if self.is_embedding:
            return ("embedding",)
        found = ["completion"]
        template = self.chat_template
        if "tools" in template or "tool_call" in template:
            found.append("tools")
        if "</think>" in template or "enable_thinking" in template or "<|channel|>" in template:
            found.append("thinking")
        if projector or self.has_towers:
            found.append("vision")
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        record = asdict(self)
        record["cache_bytes"] = {str(tokens): nbytes for tokens, nbytes in self.cache_bytes.items()}
        return record

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> ModelFacts:
        """Raises ValueError or TypeError if the record is not one of ours."""
        known = {each.name: record[each.name] for each in fields(ModelFacts)} if _whole(record) else {}
        if not known:
            raise ValueError("not facts of this version")
        known["cache_bytes"] = {int(tokens): int(nbytes) for tokens, nbytes in dict(known["cache_bytes"]).items()}
        return ModelFacts(**known)


def _whole(record: Mapping[str, Any]) -> bool:
    return all(each.name in record for each in fields(ModelFacts))


Describe = Callable[[Path], ModelFacts]
"""Reads the header of a GGUF (of the first part, for a split set). Raises the coded errors of formats/gguf."""
