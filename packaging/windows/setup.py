"""The Windows installer; signed by the command in MODELYARD_SIGN_COMMAND, if there is one (see sign.py)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from steps import APP_NAME, PACKAGING, Places, __version__, run, self_test
from windows.sign import sign


def make_setup(places: Places) -> Path:
    """Raises SystemExit if what the installer put down does not pass its self-test."""
    for each in ("modelyard.exe", "modelyard-window.exe"):
        sign(places.frozen / each)
    target = places.dist / f"{APP_NAME}-{__version__}-setup.exe"
    compile_installer(places.frozen, target, places.build / "icons" / "modelyard.ico")
    sign(target)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / APP_NAME
        run([target, "/S", f"/D={place}"])
        self_test(place / "modelyard.exe")
        run([place / "uninstall.exe", "/S", f"_?={place}"])
    return target


def compile_installer(source: Path, target: Path, icon: Path, version: str = __version__) -> None:
    """The one call of makensis. Warnings are errors."""
    defines = [f"-DVERSION={version}", f"-DSOURCE={source}", f"-DOUTPUT={target}", f"-DICON={icon}"]
    if os.environ.get("MODELYARD_SIGN_COMMAND"):
        signing = [sys.executable, str(PACKAGING / "windows" / "sign.py")]
        defines.append("-DSIGN=" + subprocess.list2cmdline(signing))  # quotes only what needs it: cmd drops the first
    run(["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, PACKAGING / "windows" / "installer.nsi"])
