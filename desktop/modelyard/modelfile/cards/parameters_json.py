"""Numbers from other programs' JSON into typed parameters."""

from __future__ import annotations

from typing import Any

from ..parameters import PARAMETERS, ParameterError, ParameterKind, option_value
from ..persona import ParameterValue


def add_option(parameters: dict[str, ParameterValue], name: str, value: Any) -> bool:
    """Adds a parameter if the value suits it. Whole floats become ints where one is needed; one stop text counts as a
    list. False if it was left out."""
    kind = PARAMETERS[name].kind if name in PARAMETERS else None
    if kind is ParameterKind.TEXTS and isinstance(value, str):
        value = [value]
    if kind is ParameterKind.INT and isinstance(value, float) and not value.is_integer():
        return False
    try:
        taken = option_value(name, value)
    except ParameterError:
        return False
    if taken is None or taken == ():
        return taken is not None
    parameters[name] = taken
    return True
