"""Another name, or a second model of the same weights. All of these block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...engines.base import Engine, InstalledModel
from ...events import CancelToken
from ...importing.naming import unused
from .abilities import Renames
from .listing import shown_name


@dataclass(frozen=True)
class Naming:
    """`shown`: what people read, in any language; `technical`: what programs use. An engine whose models have one name
    only (Ollama) takes `technical` for both."""

    shown: str
    technical: str


def rename(engine: Engine, model: InstalledModel, naming: Naming) -> InstalledModel:
    """Weights stay where they are. Raises ENGINE_NAME_TAKEN, ENGINE_NAME_INVALID, ENGINE_MODEL_MISSING."""
    if isinstance(engine, Renames):
        return model if naming.technical == model.name else engine.rename(model.name, naming.technical)
    if naming.technical == model.name:
        return _show_as(engine, model.name, naming.shown)
    made = duplicate(engine, model, naming)
    engine.remove(model.name)
    return made


def duplicate(engine: Engine, model: InstalledModel, naming: Naming) -> InstalledModel:
    """Raises as `rename`, DISK_FULL."""
    made = engine.copy(model.name, naming.technical)
    return made if isinstance(engine, Renames) else _show_as(engine, made.name, naming.shown)


def _show_as(engine: Engine, name: str, shown: str) -> InstalledModel:
    persona = replace(engine.show(name).persona, name=shown)
    return engine.update(name, persona, lambda _event: None, CancelToken())


def second_naming(model: InstalledModel, taken: Iterable[str]) -> Naming:
    """A name for a duplicate that nobody has yet."""
    technical = unused(model.name.removesuffix(":latest"), set(taken))
    number = technical.partition(":")[0].rpartition("-")[2]
    return Naming(f"{shown_name(model)} {number}", technical)
