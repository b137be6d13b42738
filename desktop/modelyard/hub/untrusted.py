"""Values out of a server's JSON: of the wanted kind and bounded, or empty."""

from __future__ import annotations

from typing import Any

_TEXT = 500
_ROWS = 1000


def table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    return value[:_ROWS] if isinstance(value, list) else []


def text(value: object) -> str:
    return value[:_TEXT] if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    return tuple(item[:_TEXT] for item in rows(value) if isinstance(item, str))


def digest(value: object, length: int) -> str:
    """Hexadecimal digits, exactly so many."""
    digits = value.lower() if isinstance(value, str) else ""
    return digits if len(digits) == length and all(digit in "0123456789abcdef" for digit in digits) else ""
