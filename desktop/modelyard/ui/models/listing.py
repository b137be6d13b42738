"""The models of every engine in one list; one that does not answer is left out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from ...engines.base import Engine, InstalledModel
from ...errors import ModelyardError


@dataclass(frozen=True)
class Listing:
    """`models` sorted by name, of all engines that could be asked."""

    models: tuple[InstalledModel, ...]

    def find(self, engine: str, name: str) -> InstalledModel | None:
        return next((model for model in self.models if model.engine == engine and model.name == name), None)


def list_models(engines: Mapping[str, Engine]) -> Listing:
    """Blocks. An engine that cannot be asked has no models; its own card tells why."""
    found: list[InstalledModel] = []
    for engine in engines.values():
        with suppress(ModelyardError):
            found += engine.models()
    found.sort(key=lambda model: (shown_name(model).casefold(), model.engine))
    return Listing(tuple(found))


def shown_name(model: InstalledModel) -> str:
    return model.display_name or model.name


def can_chat(model: InstalledModel) -> bool:
    return not model.capabilities or "completion" in model.capabilities
