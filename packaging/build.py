#!/usr/bin/env python3
"""Builds what ships, and starts it before it ships.

    python packaging/build.py freeze       dist/modelyard (PyInstaller), then its self-test
    python packaging/build.py installer    the above, this system's installer, the self-test of what it put down
    python packaging/build.py sums         SHA-256 of what ships, and the list of what is inside (SBOM)

Linux: .deb. Windows: NSIS (makensis). macOS: .app, signed if there is an identity, and .dmg (dmgbuild).
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST, BUILD = ROOT / "dist", ROOT / "build"
PACKAGING = ROOT / "packaging"
sys.path.insert(0, str(ROOT / "desktop"))

from modelyard import APP_ID, APP_NAME, __version__  # noqa: E402

EXPECTED = ("Modelyard ", "ok ", "all good")  # every line of a good self-test begins with one of these


def main(arguments: list[str]) -> int:
    match arguments:
        case ["freeze"]:
            freeze()
        case ["installer"]:
            freeze()
            made = {"Linux": make_deb, "Windows": make_setup, "Darwin": make_dmg}[platform.system()]()
            print(f"{made}  {made.stat().st_size / 1e6:.1f} MB")
        case ["sums"]:
            write_sums()
        case _:
            print(__doc__)
            return 2
    return 0


def freeze() -> Path:
    """dist/modelyard. Raises SystemExit if the frozen program's self-test says anything unexpected."""
    run([sys.executable, PACKAGING / "i18n.py", "compile"])
    run([sys.executable, PACKAGING / "icons.py", BUILD / "icons"])
    if platform.system() == "Windows":
        (BUILD / "version_info.txt").write_text(version_info(), encoding="utf-8")
    run(
        [
            sys.executable,
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--log-level",
            "WARN",
            "--distpath",
            DIST,
            "--workpath",
            BUILD / "pyinstaller",
            PACKAGING / "modelyard.spec",
        ]
    )
    self_test(DIST / "modelyard" / program_name())
    return DIST / "modelyard"


def self_test(program: Path) -> None:
    """Starts the program in an empty environment and listens. Any line that is not expected is a fault."""
    keep = ("SYSTEMROOT", "TEMP", "TMP", "HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "WINDIR")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")}
    done = subprocess.run(
        [program, "--selftest"], capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    strange = [line for line in lines if line.strip() and not line.startswith(EXPECTED)]
    print(done.stdout)
    if done.returncode or strange:
        raise SystemExit("the self-test failed:\n" + "\n".join(strange))


def make_deb() -> Path:
    """A Debian package below /opt, with the command, the menu entry, the icon and the file type."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    target = DIST / f"modelyard_{__version__}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "deb"
        program = tree / "opt" / "modelyard"
        shutil.copytree(DIST / "modelyard", program, symlinks=True)
        put(tree / "usr/bin/modelyard", link="/opt/modelyard/modelyard")
        linux = PACKAGING / "linux"
        put(tree / f"usr/share/applications/{APP_ID}.desktop", linux / f"{APP_ID}.desktop")
        put(tree / f"usr/share/metainfo/{APP_ID}.metainfo.xml", linux / f"{APP_ID}.metainfo.xml")
        put(tree / f"usr/share/mime/packages/{APP_ID}.xml", linux / f"{APP_ID}.mime.xml")
        put(tree / f"usr/share/icons/hicolor/scalable/apps/{APP_ID}.svg", ROOT / "resources/icons/modelyard.svg")
        for size in (48, 128, 256):
            icon = BUILD / "icons" / "sizes" / f"{size}.png"
            put(tree / f"usr/share/icons/hicolor/{size}x{size}/apps/{APP_ID}.png", icon)
        put(tree / "usr/share/doc/modelyard/copyright", ROOT / "LICENSE")
        size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
        control = (PACKAGING / "linux" / "control.in").read_text(encoding="utf-8")
        text = control.format(version=__version__, architecture=architecture, size=size // 1024)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(text, encoding="utf-8")
        run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", tree, target])
        installed = Path(scratch) / "installed"
        run(["dpkg-deb", "-x", target, installed])
        self_test(installed / "opt" / "modelyard" / "modelyard")
    return target


def make_setup() -> Path:
    """The Windows installer; signed by the command in MODELYARD_SIGN_COMMAND, if there is one (see sign)."""
    program = DIST / "modelyard"
    for each in ("modelyard.exe", "modelyard-window.exe"):
        sign(program / each)
    target = DIST / f"{APP_NAME}-{__version__}-setup.exe"
    defines = [f"-DVERSION={__version__}", f"-DSOURCE={program}", f"-DOUTPUT={target}"]
    icon = f"-DICON={BUILD / 'icons' / 'modelyard.ico'}"
    run(["makensis", "-V2", "-WX", *defines, icon, PACKAGING / "windows" / "installer.nsi"])
    sign(target)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / APP_NAME
        run([target, "/S", f"/D={place}"])
        self_test(place / "modelyard.exe")
        run([place / "uninstall.exe", "/S", f"_?={place}"])
    return target


def make_dmg() -> Path:
    app = DIST / f"{APP_NAME}.app"
    target = DIST / f"{APP_NAME}-{__version__}-{platform.machine()}.dmg"
    run([PACKAGING / "macos" / "sign.sh", app])
    self_test(app / "Contents" / "MacOS" / "modelyard")
    run(["dmgbuild", "-s", PACKAGING / "macos" / "dmg_settings.py", "-D", f"app={app}", APP_NAME, target])
    run([PACKAGING / "macos" / "sign.sh", target])
    with tempfile.TemporaryDirectory() as scratch:
        run(["hdiutil", "attach", target, "-mountpoint", scratch, "-nobrowse", "-quiet"])
        try:
            self_test(Path(scratch) / f"{APP_NAME}.app" / "Contents" / "MacOS" / "modelyard")
        finally:
            run(["hdiutil", "detach", scratch, "-quiet"])
    return target


def write_sums() -> None:
    """SHA256SUMS, and a CycloneDX list of what is inside (cyclonedx-py)."""
    files = sorted(path for path in DIST.iterdir() if path.suffix in (".deb", ".exe", ".dmg", ".AppImage"))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files]
    (DIST / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    run([sys.executable, "-m", "cyclonedx_py", "environment", "-o", DIST / "modelyard.cdx.json", sys.executable])


def sign(file: Path) -> None:
    """MODELYARD_SIGN_COMMAND: words separated by "|", in which {file} stands for the file."""
    command = os.environ.get("MODELYARD_SIGN_COMMAND", "")
    if command:
        run([part.replace("{file}", str(file)) for part in command.split("|")])
    else:
        print(f"not signed: {file.name} (MODELYARD_SIGN_COMMAND is not set)")


def version_info() -> str:
    """What Windows shows under Properties."""
    numbers = (*tuple(int(part) for part in __version__.split(".")), 0)
    strings = {"ProductName": APP_NAME, "FileDescription": APP_NAME, "FileVersion": __version__}
    strings |= {"ProductVersion": __version__, "LegalCopyright": "Apache-2.0"}
    table = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=[StringFileInfo(["
        f"StringTable('040904B0', [{table}])]), VarFileInfo([VarStruct('Translation', [1033, 1200])])])"
    )


def put(target: Path, source: Path | None = None, link: str = "") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source is not None:
        shutil.copyfile(source, target)
    else:
        target.symlink_to(link)


def program_name() -> str:
    return "modelyard.exe" if platform.system() == "Windows" else "modelyard"


def run(command: Sequence[object]) -> None:
    """Raises SystemExit with the command if it fails."""
    words = [str(word) for word in command]
    if subprocess.run(words, check=False, cwd=ROOT).returncode:
        raise SystemExit("failed: " + " ".join(words))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
