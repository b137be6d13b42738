"""The encoders for pictures that we convert, one short file a maker; the registry by class name is here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..projector import Projector

MODULES = (
    "gemma",
    "gemma3n",
    "gemma4",
    "qwen_vl",
    "idefics",
    "pixtral",
    "internvl",
    "lfm2_vl",
    "llama4",
    "glm_v",
    "kimi_vl",
    "dots_ocr",
    "paddle_ocr",
    "deepseek_ocr",
    "hunyuan_vl",
    "youtu_vl",
    "exaone_vl",
    "minicpm_v",
    "janus",
    "phi4",
)


@functools.cache
def all_projectors() -> tuple[type[Projector], ...]:
    modules = [import_module(f".{name}", __package__) for name in MODULES]
    return tuple(projector for module in modules for projector in module.PROJECTORS)


def projector_of(config: Mapping[str, Any]) -> type[Projector] | None:
    """By config.json; None for a model that does not see, or whose encoder is not known here. The encoder's own class
    name goes before that of the whole (conversion/base.py, get_model_architecture), and that one may stand in the text
    model's part alone: transformers 4.57 writes Qwen2-VL's and Qwen2.5-VL's there."""
    whole = (config.get("vision_config"), config, config.get("text_config"))
    name = next(
        (name for part in whole if isinstance(part, dict) and (name := _first(part.get("architectures")))), None
    )
    found = next((each for each in all_projectors() if name in (*each.classes, *each.encoders)), None)
    return found if found is not None and found.fits(config) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None
