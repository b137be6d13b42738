"""JSON from outside: bounded in size and depth, and always an object of the kind that was asked for."""

from __future__ import annotations

import json
from typing import Any

from ..errors import Code, ModelyardError


def parse_object(data: bytes, name: str, unique_keys: bool = False) -> dict[str, Any]:
    """The JSON object in `data` (UTF-8, a byte order mark is skipped).

    unique_keys: refuse an object, at any depth, that says the same key twice.
    Raises JSON_INVALID: not UTF-8, not JSON, nested too deeply, or not an object.
    """
    hook = _refuse_repeats if unique_keys else None
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=hook)
    except RecursionError as error:
        raise ModelyardError(Code.JSON_INVALID, name=name, detail="nested too deeply") from error
    except ValueError as error:
        raise ModelyardError(Code.JSON_INVALID, name=name, detail=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise ModelyardError(Code.JSON_INVALID, name=name, detail="not an object")
    return value


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("the same key twice")
    return result
