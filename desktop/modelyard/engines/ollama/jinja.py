"""Rendering a stranger's chat template: sandboxed, without attributes of ours, bounded in steps and size."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .jinja_meter import JinjaFailed, Meter

__all__ = ["JinjaFailed", "render_jinja"]
TEMPLATE_LIMIT = 128 << 10  # characters; the longest of a published model has 20,000


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
    from .jinja_bounded import Bounded  # Jinja itself is needed for few models

    before = sys.gettrace()
    meter = Meter()
    sys.settrace(meter.trace)  # a template runs as Python lines of its own; counting them bounds any loop
    try:
        compiled = Bounded(meter).from_string(template)
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
