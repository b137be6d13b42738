"""Frozen dataclasses ⇄ JSON, so that a value made in the worker process arrives as the same value in the window."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Plain JSON for dataclasses (tagged with their class name), paths, enums, tuples and mappings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        record = {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": type(value).__name__, **record}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], record: Any) -> T:
    """The value again. Raises ValueError for a record that does not fit `kind`."""
    try:
        return cast(T, _build(kind, record))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a {getattr(kind, '__name__', kind)}: {error}") from error


def _build(kind: Any, record: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _build_union(arguments, record)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_build(arguments[0], item) for item in record)
        return tuple(_build(each, item) for each, item in zip(arguments, record, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _build(arguments[1], item) for key, item in record.items()}
    if not isinstance(kind, type):
        return record
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        given = {key: _build(hints[key], item) for key, item in record.items() if key in hints}
        return kind(**given)
    if issubclass(kind, Enum):
        return kind(record)
    if issubclass(kind, Path):
        return Path(record)
    if issubclass(kind, bytes):
        return bytes.fromhex(record)
    return record


def _build_union(choices: tuple[Any, ...], record: Any) -> Any:
    if record is None:
        return None
    kinds = [choice for choice in choices if choice is not type(None)]
    if isinstance(record, dict) and "type" in record:
        for choice in kinds:
            if getattr(choice, "__name__", "") == record["type"]:
                return _build(choice, record)
    if isinstance(record, list):
        for choice in kinds:
            if typing.get_origin(choice) is tuple:
                return _build(choice, record)
    plain = [choice for choice in kinds if not dataclasses.is_dataclass(choice)]
    if len(plain) == 1:
        return _build(plain[0], record)
    return record
