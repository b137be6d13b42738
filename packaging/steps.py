"""What the steps of a build share: where things go, how a command is run, and the self-test of what was made."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGING = ROOT / "packaging"
sys.path.insert(0, str(ROOT / "desktop"))

from modelyard import APP_ID, APP_NAME, __version__  # noqa: E402

__all__ = ["APP_ID", "APP_NAME", "PACKAGING", "ROOT", "Places", "__version__", "machine", "put", "run", "self_test"]

EXPECTED = ("Modelyard ", "ok ", "all good")  # every line of a good self-test begins with one of these


@dataclass(frozen=True)
class Places:
    """`dist` holds what is handed out, `build` what was needed to make it."""

    dist: Path
    build: Path

    @property
    def frozen(self) -> Path:
        return self.dist / "modelyard"

    @property
    def program(self) -> Path:
        return self.frozen / ("modelyard.exe" if platform.system() == "Windows" else "modelyard")


def machine() -> str:
    """The processor, as every system's file names have it here: x86_64 or arm64."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(name, name)


def run(command: Sequence[object], environment: dict[str, str] | None = None) -> None:
    """Raises SystemExit with the command if it fails."""
    words = [str(word) for word in command]
    environment = {**os.environ, **(environment or {})}
    if subprocess.run(words, check=False, cwd=ROOT, env=environment).returncode:
        raise SystemExit("failed: " + " ".join(words))


def self_test(program: Path) -> None:
    """Starts the program in an empty environment and listens. Raises SystemExit at any line that is not expected."""
    keep = ("SYSTEMROOT", "TEMP", "TMP", "HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "WINDIR")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")}
    done = subprocess.run(
        [program, "--selftest"], capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    print(done.stdout, flush=True)
    judge_self_test(done.returncode, done.stdout + "\n" + done.stderr)


def judge_self_test(status: int, output: str) -> None:
    """Raises SystemExit if the self-test failed or said anything else than what it says when all is well."""
    strange = [line for line in output.splitlines() if line.strip() and not line.startswith(EXPECTED)]
    if status or strange:
        raise SystemExit(f"the self-test failed ({status}):\n" + "\n".join(strange))


def put(target: Path, source: Path | None = None, link: str = "") -> None:
    """A copy of `source`, or a symbolic link, with the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source is not None:
        shutil.copy(source, target)
    else:
        target.symlink_to(link)
