"""The Windows installer; signed by the command in MODELYARD_SIGN_COMMAND, if there is one (see sign)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from steps import APP_NAME, PACKAGING, Places, __version__, run, self_test


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
    run(["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, PACKAGING / "windows" / "installer.nsi"])


def sign(file: Path) -> None:
    """MODELYARD_SIGN_COMMAND: words separated by "|", in which {file} stands for the file."""
    command = os.environ.get("MODELYARD_SIGN_COMMAND", "")
    if command:
        run([part.replace("{file}", str(file)) for part in command.split("|")])
    else:
        print(f"not signed: {file.name} (MODELYARD_SIGN_COMMAND is not set)")
