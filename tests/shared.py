"""Where the team's shared facts stand beside the project; tests that need them skip, saying so, in a lone clone."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(relative: str) -> Path:
    """The path of a shared file or folder; skips the calling test where ../shared does not stand."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"../shared/{relative} does not stand beside this clone")
    return path
