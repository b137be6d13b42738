"""The macOS disk image with the program, signed and notarized where there is an identity (macos/sign.sh)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from steps import APP_NAME, PACKAGING, Places, __version__, machine, run, self_test


def make_dmg(places: Places) -> Path:
    """Raises SystemExit if the program in the image does not pass its self-test."""
    app = places.dist / f"{APP_NAME}.app"
    target = places.dist / f"{APP_NAME}-{__version__}-{machine()}.dmg"
    run([PACKAGING / "macos" / "sign.sh", app])
    settings = ["-s", PACKAGING / "macos" / "dmg_settings.py", "-D", f"app={app}"]
    run([sys.executable, "-m", "dmgbuild", *settings, APP_NAME, target])
    run([PACKAGING / "macos" / "sign.sh", target])
    with tempfile.TemporaryDirectory() as scratch:
        run(["hdiutil", "attach", target, "-mountpoint", scratch, "-nobrowse", "-quiet"])
        try:
            self_test(Path(scratch) / f"{APP_NAME}.app" / "Contents" / "MacOS" / "modelyard")
        finally:
            run(["hdiutil", "detach", scratch, "-quiet"])
    return target
