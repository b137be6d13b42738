"""The AppImage: one file for every distribution with glibc 2.35 or newer (what the build machine has).

appimagetool and the runtime it puts in front are no Debian packages. MODELYARD_APPIMAGETOOL names the tool,
MODELYARD_APPIMAGE_RUNTIME the runtime; .github/workflows/release.yml fetches both and checks their SHA-256.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from linux.tree import put_share
from steps import APP_ID, APP_NAME, PACKAGING, Places, __version__, machine, put, run, self_test


def make_appimage(places: Places) -> Path:
    """Raises SystemExit if a tool is missing, or if the program in it does not pass its self-test."""
    folder = make_appdir(places)
    tool, runtime = (os.environ.get(f"MODELYARD_{name}", "") for name in ("APPIMAGETOOL", "APPIMAGE_RUNTIME"))
    if not tool or not runtime:
        raise SystemExit(f"{folder} is ready; MODELYARD_APPIMAGETOOL and MODELYARD_APPIMAGE_RUNTIME are not set")
    target = places.dist / f"{APP_NAME}-{__version__}-{machine()}.AppImage"
    # Unpacked instead of mounted: build machines have no FUSE.
    without_fuse = {"APPIMAGE_EXTRACT_AND_RUN": "1", "ARCH": machine().replace("arm64", "aarch64")}
    run([tool, "--runtime-file", runtime, folder, target], without_fuse)
    target.chmod(0o755)
    scratch = places.build / "appimage-unpacked"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    run(["env", "-C", scratch, target, "--appimage-extract"])
    self_test(scratch / "squashfs-root" / "AppRun")
    return target


def make_appdir(places: Places) -> Path:
    """build/Modelyard.AppDir, tested as it stands."""
    folder = places.build / f"{APP_NAME}.AppDir"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(places.frozen, folder / "usr" / "lib" / "modelyard", symlinks=True)
    put(folder / "usr/bin/modelyard", link="../lib/modelyard/modelyard")
    put_share(folder / "usr" / "share", places)
    put(folder / "AppRun", PACKAGING / "linux" / "AppRun")
    put(folder / f"{APP_ID}.desktop", PACKAGING / "linux" / f"{APP_ID}.desktop")
    put(folder / f"{APP_ID}.png", places.build / "icons" / "sizes" / "256.png")
    put(folder / ".DirIcon", link=f"{APP_ID}.png")
    self_test(folder / "AppRun")
    return folder
