"""Jinja's sandbox with every operation that makes something counted by a meter, and those left out that cannot be."""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import filters, pass_eval_context
from jinja2.compiler import CodeGenerator
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .jinja_meter import JinjaFailed, Meter

_RANGE_LIMIT = 10_000
_MOST_BITS = 4096  # of a whole number
_GROWING = ("ljust", "rjust", "center", "zfill", "expandtabs", "translate")  # by one number
_FILTERS_LEFT_OUT = (
    "batch",
    "center",
    "filesizeformat",
    "format",
    "pprint",
    "slice",
    "striptags",
    "urlize",
    "wordwrap",
    "xmlattr",
)
_GLOBALS_LEFT_OUT = ("lipsum", "cycler", "joiner")


class _Generator(CodeGenerator):
    """`a ~ b` through the environment, like all other operations."""

    def visit_Concat(self, node: Any, frame: Any) -> None:
        self.write("environment.concat((")
        for each in node.nodes:
            self.visit(each, frame)
            self.write(", ")
        self.write("))")


class Bounded(ImmutableSandboxedEnvironment):
    """For one rendering. What a template calls raises JinjaFailed when the meter has had enough."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))
    code_generator_class = _Generator

    def __init__(self, meter: Meter) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], optimized=False, finalize=meter.weigh
        )
        self._meter = meter
        known = {name: each for name, each in self.filters.items() if name not in _FILTERS_LEFT_OUT}
        known |= {"tojson": _to_json, "indent": _unchanged, "replace": self._replaced, "join": self._joined}
        self.filters = {name: self._metered(each) for name, each in known.items()}
        for name in _GLOBALS_LEFT_OUT:
            self.globals.pop(name, None)
        self.globals |= {"raise_exception": _refuse, "range": _short_range, "strftime_now": _now}
        self._of_text: dict[str, Callable[..., str]] = {"replace": self._replaced, "join": self._between}

    def concat(self, parts: Iterable[Any]) -> str:
        return self._meter.joined(parts)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not _is_small(operator, left, right):
            raise JinjaFailed(operator)
        return self._meter.weigh(super().call_binop(context, operator, left, right))

    def getitem(self, obj: Any, argument: Any) -> Any:
        found = super().getitem(obj, argument)
        return self._meter.weigh(found) if isinstance(argument, slice) else found

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not (isinstance(obj, str) and attr in _GROWING) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:  # str.format writes any width it is told to
        return None if super().wrap_str_format(value) is None else _refuse

    def call(self, context: Any, called: Any, *args: Any, **named: Any) -> Any:
        owner = getattr(called, "__self__", None)
        self._meter.weigh((owner if isinstance(owner, str) else None, args, named))
        if isinstance(owner, str) and called.__name__ in self._of_text:
            return self._of_text[called.__name__](owner, *args)
        return self._meter.weigh(super().call(context, called, *args, **named))

    def _metered(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)  # takes along the marks by which Jinja knows what to hand over
        def inner(*args: Any, **named: Any) -> Any:
            self._meter.weigh((args, named))
            return self._meter.weigh(function(*args, **named))

        return inner

    def _replaced(self, text: Any, old: Any, new: Any, count: int = -1) -> str:
        whole, before, after = (self._meter.joined([each]) for each in (text, old, new))
        self._meter.count(whole.count(before) * len(after))
        return whole.replace(before, after, count)

    def _between(self, separator: str, parts: Any) -> str:
        listed = self._meter.weigh(list(parts))
        self._meter.count(len(separator) * len(listed))
        return separator.join(listed)

    @pass_eval_context
    def _joined(self, context: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:
        listed = self._meter.weigh(list(value))
        self._meter.count(len(self._meter.joined([d])) * len(listed))
        return filters.do_join(context, listed, d, attribute)


def _is_small(operator: str, left: Any, right: Any) -> bool:
    """Whether the result is not much larger than what it is made of."""
    if operator == "+":
        return True
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        return bits <= _MOST_BITS
    if isinstance(left, int | float) and isinstance(right, int | float):
        return True
    return operator == "*" and isinstance(left, str) and isinstance(right, int) and right * len(left) < _RANGE_LIMIT


def _refuse(message: object = "") -> str:
    raise JinjaFailed(str(message)[:200])


def _short_range(*ends: int) -> range:
    numbers = range(*ends)
    if len(numbers) > _RANGE_LIMIT:
        raise JinjaFailed("range")
    return numbers


def _now(pattern: str) -> str:
    return datetime.datetime.now().strftime(pattern)


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent if indent is None else min(int(indent), 16))


def _unchanged(text: str, width: int = 4, **_: Any) -> str:
    return text
