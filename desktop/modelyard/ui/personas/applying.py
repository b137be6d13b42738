"""A persona becomes a model, or another persona of a model. All of these block. Where a stored persona lives is kept in
one small file beside the personas."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from ...engines.base import Engine, InstalledModel
from ...errors import ModelyardError
from ...events import CancelToken
from ...host.files import storage_error, write_atomically
from ...modelfile.persona import Persona

_FILE = "applied.json"
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Target:
    """The model that has the persona. `base`: the model it was made of ("" = it is the person's own)."""

    engine: str
    model: str
    base: str = ""


def create(engine: Engine, base: str, name: str, persona: Persona) -> InstalledModel:
    """A new model of the weights of `base`, with this persona and nothing of the base's own. Nothing is left if it
    fails. Raises what Engine.copy and Engine.update raise."""
    made = engine.copy(base, name)
    try:
        return update(engine, made.name, persona)
    except ModelyardError:
        with contextlib.suppress(ModelyardError):
            engine.remove(made.name)
        raise


def update(engine: Engine, name: str, persona: Persona) -> InstalledModel:
    """Raises what Engine.update raises."""
    return engine.update(name, replace(persona, base=""), lambda _event: None, CancelToken())


class Targets:
    """Which model a stored persona (by id) was last given to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def get(self, id: str) -> Target | None:
        record = self._read().get(id)
        if isinstance(record, list) and len(record) == 3 and all(isinstance(each, str) for each in record):
            return Target(*record)
        return None

    def set(self, id: str, target: Target | None) -> None:
        """Raises DISK_FULL, FOLDER_NOT_WRITABLE."""
        records = self._read()
        records.pop(id, None)
        if target is not None:
            records[id] = [target.engine, target.model, target.base]
        try:
            write_atomically(self._path, json.dumps(records, ensure_ascii=False, indent=1).encode("utf-8"))
        except OSError as error:
            raise storage_error(error, self._path.parent, 0) from error

    def _read(self) -> dict[str, object]:
        try:
            with self._path.open("rb") as file:
                records = json.loads(file.read(_LARGEST))
        except (OSError, ValueError):
            return {}
        return records if isinstance(records, dict) else {}
