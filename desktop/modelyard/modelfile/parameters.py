"""The parameters of a Modelfile: type, default, the range that makes sense. (Ollama enforces no range.)

What each is called and does, in plain words, stands in resources/words/<language>/modelfile.toml under
[parameters.NAME]. Source of names, types and defaults: ../shared/facts/ollama.md §1.3.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..errors import Code, ModelyardError
from .persona import ParameterValue


class ParameterKind(StrEnum):
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXTS = "texts"  # may be given several times; the values add up


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `default` None = the engine decides. `low`..`high`: where a value makes sense, in steps of `step`.
    `expert`: about the computer or rarely needed; shown folded away."""

    name: str
    kind: ParameterKind
    default: ParameterValue | None = None
    low: float = 0
    high: float = 0
    step: float = 1
    expert: bool = True


_INT, _FLOAT, _BOOL, _TEXTS = ParameterKind.INT, ParameterKind.FLOAT, ParameterKind.BOOL, ParameterKind.TEXTS

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("temperature", _FLOAT, 0.8, 0.0, 2.0, 0.05, expert=False),
        Parameter("num_ctx", _INT, None, 512, 1 << 20, 1024, expert=False),
        Parameter("num_predict", _INT, -1, -1, 1 << 17, 64, expert=False),
        Parameter("top_p", _FLOAT, 0.9, 0.0, 1.0, 0.01, expert=False),
        Parameter("top_k", _INT, 40, 0, 200, 1, expert=False),
        Parameter("min_p", _FLOAT, 0.0, 0.0, 1.0, 0.01, expert=False),
        Parameter("repeat_penalty", _FLOAT, 1.0, 0.5, 2.0, 0.01, expert=False),
        Parameter("seed", _INT, -1, -1, (1 << 31) - 1, 1, expert=False),
        Parameter("stop", _TEXTS, expert=False),
        Parameter("typical_p", _FLOAT, 1.0, 0.0, 1.0, 0.01),
        Parameter("repeat_last_n", _INT, 64, -1, 4096, 16),
        Parameter("presence_penalty", _FLOAT, 0.0, -2.0, 2.0, 0.05),
        Parameter("frequency_penalty", _FLOAT, 0.0, -2.0, 2.0, 0.05),
        Parameter("num_keep", _INT, 4, -1, 8192, 1),
        Parameter("num_batch", _INT, 512, 32, 4096, 32),
        Parameter("num_thread", _INT, None, 0, 256, 1),
        Parameter("num_gpu", _INT, -1, -1, 999, 1),
        Parameter("main_gpu", _INT, None, 0, 15, 1),
        Parameter("use_mmap", _BOOL),
        Parameter("draft_num_predict", _INT, 4, 0, 16, 1),
    )
}

# Ollama prints a warning and drops the value.
DEPRECATED = (
    "penalize_newline",
    "low_vram",
    "f16_kv",
    "logits_all",
    "vocab_only",
    "use_mlock",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
)

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?")
_HEX_NUMBER = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_FLOAT32_MAX = 3.4028235677973366e38  # what still rounds to the largest float32


class ParameterError(ModelyardError):
    """A parameter that Ollama refuses; `message` is Ollama's own."""

    def __init__(self, code: Code, message: str, **fields: str) -> None:
        self.message = message
        super().__init__(code, **fields)


def read_value(name: str, text: str) -> ParameterValue:
    """The typed value of one PARAMETER line; for `stop` a tuple of one. Raises ParameterError."""
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise ParameterError(Code.PARAMETER_UNKNOWN, f"unknown parameter '{name}'", name=name)
    value: ParameterValue | None
    match parameter.kind:
        case ParameterKind.TEXTS:
            return (text,)
        case ParameterKind.INT:
            value = _integer(text)
        case ParameterKind.FLOAT:
            value = _number(text)
        case ParameterKind.BOOL:
            value = True if text in _TRUE else False if text in _FALSE else None
    if value is None:
        message = f"invalid {parameter.kind.value} value [{text}]"
        raise ParameterError(Code.PARAMETER_VALUE, message, name=name, value=text, kind=parameter.kind.value)
    return value


def _integer(text: str) -> int | None:
    """Decimal, within 64 bits, as Go's ParseInt reads it."""
    if not _INTEGER.fullmatch(text) or len(text) > 40:
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def _number(text: str) -> float | None:
    """As Go's ParseFloat for 32 bits; infinity and not-a-number are refused because JSON cannot carry them."""
    if _NUMBER.fullmatch(text):
        value = float(text)
    elif _HEX_NUMBER.fullmatch(text):
        try:
            value = float.fromhex(text)
        except OverflowError:
            return None
    else:
        return None
    return value if abs(value) < _FLOAT32_MAX else None


def option_value(name: str, value: Any) -> ParameterValue | None:
    """The value of a chat option as Ollama takes it from JSON; None = ignored (null, or a name it does not know).

    Raises ParameterError where a chat would fail."""
    parameter = PARAMETERS.get(name)
    if parameter is None or value is None:
        return None
    wanted = ""
    match parameter.kind:
        case ParameterKind.BOOL:
            wanted = "" if isinstance(value, bool) else "boolean"
        case ParameterKind.TEXTS:
            if not isinstance(value, list | tuple):
                wanted = "array"
            elif not all(isinstance(one, str) for one in value):
                wanted = "an array of strings"
            else:
                value = tuple(value)
        case ParameterKind.INT | ParameterKind.FLOAT:
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                wanted = "integer" if parameter.kind is ParameterKind.INT else "float32"
            elif parameter.kind is ParameterKind.INT:
                value = int(value)
    if wanted:
        message = f'option "{name}" must be of {"" if wanted.startswith("an ") else "type "}{wanted}'
        raise ParameterError(Code.PARAMETER_VALUE, message, name=name, value=str(value), kind=parameter.kind.value)
    return value  # type: ignore[no-any-return]  # narrowed by the checks above


def in_range(name: str, value: ParameterValue) -> bool:
    """False if a number lies where it makes no sense. (num_predict -2, "until full", is old but allowed.)"""
    parameter = PARAMETERS.get(name)
    if parameter is None or isinstance(value, bool | str | tuple) or parameter.low == parameter.high:
        return True
    automatic = parameter.default is None and value == 0
    return automatic or parameter.low <= value <= parameter.high


def value_texts(value: ParameterValue) -> tuple[str, ...]:
    """How a value is written on PARAMETER lines, one text a line."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (value if isinstance(value, str) else repr(value),)
