"""The tools of other people that judge what we ship; a test whose tool is not here skips and says which."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
LINUX = PACKAGING / "linux"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def needed(name: str) -> str:
    """The path of a tool: in this environment, or on the system. Skips the test if it is in neither."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def judged(*command: object, seconds: float = 110) -> None:
    """Fails with what the tool says."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, encoding="utf-8", timeout=seconds, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def packaging_module(name: str) -> ModuleType:
    """A file of packaging/, which is no package; `name` as it is imported there."""
    file = PACKAGING / (name.replace(".", "/") + ".py")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(PACKAGING))
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(PACKAGING))
    return module
