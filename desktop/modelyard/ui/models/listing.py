"""The models of every engine in one list; one that does not answer is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...engines.base import Engine, EngineState, InstalledModel
from ...errors import ModelyardError


@dataclass(frozen=True)
class Listing:
    """`models` sorted by name; `silent`: ids of engines that are there and could not be asked."""

    models: tuple[InstalledModel, ...]
    silent: tuple[str, ...] = ()

    def find(self, engine: str, name: str) -> InstalledModel | None:
        return next((model for model in self.models if model.engine == engine and model.name == name), None)


def list_models(engines: Mapping[str, Engine]) -> Listing:
    """Blocks."""
    found: list[InstalledModel] = []
    silent: list[str] = []
    for engine in engines.values():
        try:
            found += engine.models()
        except ModelyardError:
            if engine.status().state is not EngineState.MISSING:
                silent.append(engine.id)
    found.sort(key=lambda model: (shown_name(model).casefold(), model.engine))
    return Listing(tuple(found), tuple(silent))


def shown_name(model: InstalledModel) -> str:
    return model.display_name or model.name


def can_chat(model: InstalledModel) -> bool:
    return not model.capabilities or "completion" in model.capabilities
