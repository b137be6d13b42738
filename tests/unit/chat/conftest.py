"""A chat store in a folder with a difficult name, and a clock that goes by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.chat.store import ChatStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "张庭纲 data" / "chats.db"


@pytest.fixture
def store(path: Path) -> Iterator[ChatStore]:
    ticks = itertools.count(1000)
    with ChatStore(path, clock=lambda: float(next(ticks))) as opened:
        yield opened
