"""What reading a card gives, and careful access to JSON that somebody else wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import Code, ModelyardError
from ..persona import Persona

LARGEST = 32 << 20


@dataclass(frozen=True)
class Card:
    """A persona from a file, with what could not be taken over: codes of words/ [warnings] and their fields."""

    persona: Persona
    warnings: tuple[tuple[str, dict[str, str | int]], ...] = ()


def unreadable(name: str, detail: str) -> ModelyardError:
    return ModelyardError(Code.PERSONA_NOT_READABLE, name=name, detail=detail)


def load_json(data: bytes, name: str) -> Any:
    """Raises PERSONA_NOT_READABLE."""
    try:
        return json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise unreadable(name, "JSON") from error


def text(record: Mapping[str, Any], key: str) -> str:
    """A text without lone surrogates (JSON can write them, files cannot); "" if absent or of another type."""
    value = record.get(key)
    return value.encode("utf-8", "replace").decode("utf-8").strip() if isinstance(value, str) else ""


def table(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def items(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []


def dump_json(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=2).encode("utf-8", "replace")
