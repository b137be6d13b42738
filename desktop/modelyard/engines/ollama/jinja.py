"""Rendering a stranger's chat template: sandboxed, without attributes of ours, bounded in steps and size."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

TEMPLATE_LIMIT = 512 << 10  # characters
_OUTPUT_LIMIT = 4 << 20
_STEP_LIMIT = 100_000
_RANGE_LIMIT = 10_000
_GROWING = ("ljust", "rjust", "center", "zfill", "expandtabs", "translate")  # by one number


class JinjaFailed(Exception):
    """The template cannot be rendered: invalid, unsupported, refused by itself (raise_exception) or endless."""


def render_jinja(
    template: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    bos_token: str = "",
    eos_token: str = "",
    add_generation_prompt: bool = True,
    told: Mapping[str, Any] | None = None,
) -> str:
    """As transformers and llama.cpp render: trimmed blocks, `raise_exception`, `tojson`. `told`: what else the template
    gets to know, by default that there are no tools. Raises JinjaFailed."""
    if len(template) > TEMPLATE_LIMIT:
        raise JinjaFailed("too long")
    before = sys.gettrace()
    sys.settrace(_Watch().trace)  # a template runs as Python lines of its own; counting them bounds any loop
    try:
        compiled = _environment().from_string(template)
        return str(
            compiled.render(
                messages=[dict(message) for message in messages],
                bos_token=bos_token,
                eos_token=eos_token,
                add_generation_prompt=add_generation_prompt,
                **({"tools": None} if told is None else told),
            )
        )
    except JinjaFailed:
        raise
    except Exception as error:  # a template may fail in any way it likes
        raise JinjaFailed(type(error).__name__) from error
    finally:
        sys.settrace(before)


class _Watch:
    """Ends a template that takes too many steps or grows a text beyond all use."""

    def __init__(self) -> None:
        self._steps = 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != "<template>":
            return None
        if event == "line":
            self._steps += 1
            if self._steps > _STEP_LIMIT or any(_huge(value) for value in frame.f_locals.values()):
                raise JinjaFailed("endless")
        return self.trace


def _huge(value: Any) -> bool:
    if isinstance(value, (str, list, tuple)):
        return len(value) > _OUTPUT_LIMIT
    attributes = getattr(value, "_Namespace__attrs", None)
    return isinstance(attributes, dict) and any(_huge(each) for each in attributes.values())


def _environment() -> Any:
    import datetime
    import json

    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Bounded(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("*", "**", "%"))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
            repeated = operator == "*" and isinstance(left, str) and isinstance(right, int)
            if numbers:
                allowed = operator != "**" or right <= 64
            else:
                allowed = repeated and right * len(left) < _RANGE_LIMIT
            if not allowed:
                raise JinjaFailed(operator)
            return super().call_binop(context, operator, left, right)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return not (isinstance(obj, str) and attr in _GROWING) and super().is_safe_attribute(obj, attr, value)

        def wrap_str_format(self, value: Any) -> Any:  # str.format writes any width it is told to
            return None if super().wrap_str_format(value) is None else refuse

        def call(self, context: Any, called: Any, *args: Any, **named: Any) -> Any:
            owner = getattr(called, "__self__", None)
            if isinstance(owner, str) and getattr(called, "__name__", "") == "replace":
                return replaced(owner, *args)
            return super().call(context, called, *args, **named)

    def refuse(message: object = "") -> str:
        raise JinjaFailed(str(message)[:200])

    def short_range(*ends: int) -> range:
        numbers = range(*ends)
        if len(numbers) > _RANGE_LIMIT:
            raise JinjaFailed("range")
        return numbers

    def replaced(text: str, old: str, new: str, count: int = -1) -> str:
        if len(str(text)) * max(1, len(str(new))) > _OUTPUT_LIMIT * 8:
            raise JinjaFailed("replace")
        return str(text).replace(str(old), str(new), count)

    def to_json(value: Any, indent: int | None = None, **_: Any) -> str:
        return json.dumps(value, ensure_ascii=False, indent=indent if indent is None else min(int(indent), 16))

    environment = Bounded(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    for name in ("center", "format", "indent", "wordwrap", "batch", "slice", "filesizeformat", "pprint", "xmlattr"):
        environment.filters.pop(name, None)
    environment.filters["tojson"] = to_json
    environment.filters["replace"] = replaced
    environment.filters["indent"] = lambda text, width=4, **_: text
    environment.globals |= {
        "raise_exception": refuse,
        "range": short_range,
        "strftime_now": lambda pattern: datetime.datetime.now().strftime(pattern),
    }
    return environment
