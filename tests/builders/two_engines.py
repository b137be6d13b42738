"""What an import needs where a model may go to either engine: folders, the built-in engine, an Ollama."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.host.folders import Folders
from modelyard.host.machine import Machine
from modelyard.importing.describe import describe
from modelyard.importing.surroundings import Surroundings


@contextmanager
def two_engines(data: Path, ollama: OllamaEngine) -> Iterator[Surroundings]:
    folders = Folders(data)
    folders.make()
    builtin = BuiltinEngine(folders.models, describe=describe)
    engines = {"builtin": builtin, "ollama": ollama}
    yield Surroundings(Machine("Linux", 8 << 30, 4 << 30, 2), folders, engines, lambda: pytest.fail("no Hub"))
    builtin.close()
