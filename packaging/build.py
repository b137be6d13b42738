#!/usr/bin/env python3
"""Builds what ships, and starts it before it ships.

    python packaging/build.py freeze       dist/modelyard (PyInstaller), then its self-test
    python packaging/build.py installer    the above, this system's installer, the self-test of what it put down
    python packaging/build.py appimage     Linux: an AppImage of dist/modelyard (see packaging/linux/appimage.py)
    python packaging/build.py kernels      the quantization kernels of every platform, in dist/kernels
    python packaging/build.py sums         SHA256SUMS of what is in dist

    --output FOLDER                        dist and build go there instead of beside pyproject.toml

Linux: .deb. Windows: NSIS (makensis). macOS: .app, signed if there is an identity, and .dmg (dmgbuild).
Needs the package itself and `pip install pyinstaller ziglang` (macOS: dmgbuild too) in the environment it runs in.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import sys
from pathlib import Path

from steps import APP_NAME, PACKAGING, ROOT, Places, __version__, machine, run, self_test

HANDED_OUT = (".deb", ".exe", ".dmg", ".AppImage", ".json")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("freeze", "installer", "appimage", "kernels", "sums"))
    parser.add_argument("--output", type=Path, default=ROOT)
    options = parser.parse_args(arguments)
    output = options.output.resolve()
    places = Places(dist=output / "dist", build=output / "build")
    match options.step:
        case "freeze":
            freeze(places)
        case "installer":
            freeze(places)
            tell(installer(places))
        case "appimage":
            from linux.appimage import make_appimage

            tell(make_appimage(places))
        case "kernels":
            run([sys.executable, ROOT / "desktop" / "kernels" / "build.py", places.dist / "kernels", "--all"])
        case "sums":
            write_sums(places.dist)
    return 0


def freeze(places: Places) -> None:
    """dist/modelyard and the list of what is in it. Raises SystemExit if the self-test says anything unexpected."""
    places.dist.mkdir(parents=True, exist_ok=True)
    run([sys.executable, PACKAGING / "i18n.py", "compile"])
    run([sys.executable, PACKAGING / "icons.py", places.build / "icons"])
    # Not the ones of the installation: that goes on without kernels where they cannot be compiled, a release must not.
    shutil.rmtree(places.build / "kernels", ignore_errors=True)
    run([sys.executable, ROOT / "desktop" / "kernels" / "build.py", places.build / "kernels"])
    if platform.system() == "Windows":
        from windows.version_info import version_info

        (places.build / "version_info.txt").write_text(version_info(APP_NAME, __version__), encoding="utf-8")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", places.dist]
    command += ["--workpath", places.build / "pyinstaller", PACKAGING / "modelyard.spec"]
    run(command, {"MODELYARD_BUILD": str(places.build)})
    self_test(places.program)
    from sbom import write_sbom

    name = f"{APP_NAME}-{__version__}-{platform.system().lower()}-{machine()}.cdx.json"
    write_sbom(places.build / "licences.json", places.dist / name, APP_NAME, __version__)


def installer(places: Places) -> Path:
    match platform.system():
        case "Linux":
            from linux.deb import make_deb

            return make_deb(places)
        case "Windows":
            from windows.setup import make_setup

            return make_setup(places)
        case "Darwin":
            from macos.dmg import make_dmg

            return make_dmg(places)
        case other:
            raise SystemExit(f"there is no installer for {other}")


def write_sums(dist: Path) -> None:
    """SHA256SUMS in the form that sha256sum --check reads."""
    files = sorted(path for path in dist.iterdir() if path.suffix in HANDED_OUT)
    lines = []
    for path in files:
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (dist / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def tell(made: Path) -> None:
    print(f"{made}  {made.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
