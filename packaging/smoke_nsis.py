#!/usr/bin/env python3
"""Really runs the Windows installer, without a window: installs an older version, upgrades, uninstalls.

    python packaging/smoke_nsis.py [--icon FILE.ico]

On Windows as it is; elsewhere under Wine (Debian: wine32:i386), in a prefix of its own. The program in it only waits:
what is tested is the installer. File names and the folder are Chinese; models of the person must stay.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path

from steps import APP_NAME, run
from windows.setup import compile_installer

WINDOWS = os.name == "nt"
OLD, NEW = "0.0.9", "0.1.0"
UNINSTALL_KEY = rf"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\{APP_NAME}"
CLASS_KEY = r"HKCU\Software\Classes\Modelyard.gguf"
OFFERED_KEY = r"HKCU\Software\Classes\.gguf\OpenWithProgids"
SECONDS = 120
DUMMY = """Unicode true
OutFile "${OUTPUT}"
RequestExecutionLevel user
SilentInstall silent
Section
  Sleep 12000
SectionEnd
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--icon", type=Path, help="without it, made from the drawing (needs PySide6)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modelyard-nsis-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        icon = (options.icon or make_icon(folder)).resolve()
        setups = {version: make_setup(folder, version, icon) for version in (OLD, NEW)}
        machine = Windows(folder)
        try:
            walk(machine, setups)
        finally:
            machine.end()
    print("installed, upgraded, refused while running, uninstalled; the models stayed")
    return 0


class Windows:
    """This Windows, or a Wine prefix that looks like one: commands, the registry, where drive paths really are."""

    def __init__(self, scratch: Path) -> None:
        self._environment = os.environ | {"WINEPREFIX": str(scratch / "wine"), "WINEDEBUG": "-all"}
        self._environment |= {"WINEDLLOVERRIDES": "mscoree,mshtml=", "LC_ALL": "C.UTF-8"}
        self.home = scratch / "家" if WINDOWS else scratch / "wine" / "drive_c" / "家"
        self.local = Path(os.environ["LOCALAPPDATA"]) if WINDOWS else self._local_folder()

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        command = [str(word) for word in words]
        return subprocess.run(
            command if WINDOWS else ["wine", *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )

    def start(self, program: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([str(program)] if WINDOWS else ["wine", str(program)], env=self._environment)
        time.sleep(3)  # until it really runs
        return process

    def path(self, file: Path) -> str:
        """As a program of this machine is told it."""
        if WINDOWS:
            return str(file)
        drive = self.home.parent
        return "C:\\" + str(file.relative_to(drive)).replace("/", "\\")

    def value(self, key: str, name: str) -> str:
        """Empty if there is none. By way of a file: what `reg query` prints cannot be Chinese."""
        file = self.home.parent / "exported.reg"
        if self.run("reg", "export", key, self.path(file), "/y").returncode:
            return ""
        lines = file.read_text(encoding="utf-16").splitlines()
        start = lines.index("[" + key.replace("HKCU", "HKEY_CURRENT_USER") + "]") + 1
        stem = f'"{name}"="' if name else '@="'
        section = takewhile(lambda line: not line.startswith("["), lines[start:])
        found = [line for line in section if line.startswith(stem)]
        return re.sub(r"\\(.)", r"\1", found[0].removeprefix(stem)[:-1]) if found else ""

    def has(self, key: str, name: str = "") -> bool:
        return self.run("reg", "query", key, *(["/v", name] if name else [])).returncode == 0

    def end(self) -> None:
        if not WINDOWS:
            subprocess.run(["wineserver", "-k"], env=self._environment, check=False, timeout=SECONDS)

    def _local_folder(self) -> Path:
        expect(self.run("wineboot", "--init").returncode == 0, "Wine does not start")
        answer = self.run("cmd", "/c", "echo %LOCALAPPDATA%").stdout.strip()
        return self.home.parent / answer.removeprefix("C:\\").replace("\\", "/")


def walk(machine: Windows, setups: dict[str, Path]) -> None:
    place = machine.home / "我的程序" / APP_NAME
    models = machine.local / APP_NAME / "models" / "模型.gguf"
    models.parent.mkdir(parents=True, exist_ok=True)
    models.write_bytes(b"GGUF")

    install(machine, setups[OLD], f"/D={machine.path(place)}")
    expect((place / "_internal" / "旧 文件.txt").is_file(), "the older version is not there")
    expect(machine.value(UNINSTALL_KEY, "DisplayVersion") == OLD, "the older version is not registered")
    expect(machine.has(OFFERED_KEY, "Modelyard.gguf"), ".gguf files are not offered")

    install(machine, setups[NEW])  # finds the folder of the older one by itself
    expect((place / "_internal" / "数据" / "新 文件.txt").is_file(), "the newer version is not there")
    expect(not (place / "_internal" / "旧 文件.txt").exists(), "a file of the older version stayed")
    expect(machine.value(UNINSTALL_KEY, "DisplayVersion") == NEW, "the newer version is not registered")
    command = machine.value(CLASS_KEY + r"\shell\open\command", "")
    expect(command == f'"{machine.path(place / "modelyard-window.exe")}" "%1"', f"files open with {command!r}")
    links = list(machine.local.parent.rglob(f"{APP_NAME}.lnk"))
    expect(len(links) == 1, f"entries in the start menu: {links}")

    running = machine.start(place / "modelyard.exe")
    refused = machine.run(setups[NEW], "/S")
    expect(refused.returncode == 3, f"replaced a program that runs ({refused.returncode})")
    running.wait(SECONDS)

    expect(machine.run(machine.path(place / "uninstall.exe"), "/S").returncode == 0, "the uninstaller failed")
    wait_until_gone(place)  # it goes on as a copy of itself
    for key in (UNINSTALL_KEY, CLASS_KEY, rf"HKCU\Software\{APP_NAME}"):
        expect(not machine.has(key), f"{key} stayed")
    expect(not machine.has(OFFERED_KEY, "Modelyard.gguf"), ".gguf files are still offered")
    expect(not links[0].exists(), "the entry in the start menu stayed")
    expect(models.read_bytes() == b"GGUF", "the models are gone")


def install(machine: Windows, setup: Path, *options: str) -> None:
    """Without a window. NSIS wants the folder of /D= last and without quotes: it has no spaces here."""
    done = machine.run(setup, "/S", *options)
    expect(done.returncode == 0, f"{setup.name} failed: {done.returncode}")


def make_setup(folder: Path, version: str, icon: Path) -> Path:
    payload = folder / f"payload-{version}"
    inner = payload / "_internal" / "数据"
    inner.mkdir(parents=True)
    (inner / "模型 列表.txt").write_text("你好", encoding="utf-8")
    (payload / "_internal" / "旧 文件.txt" if version == OLD else inner / "新 文件.txt").write_text(version)
    (payload / "LICENSE").write_text("a dummy", encoding="utf-8")
    for name in ("modelyard.exe", "modelyard-window.exe"):
        (folder / "dummy.nsi").write_text(DUMMY, encoding="utf-8")
        run(["makensis", "-V1", f"-DOUTPUT={payload / name}", folder / "dummy.nsi"])
    target = folder / f"{APP_NAME}-{version}-setup.exe"
    compile_installer(payload, target, icon, version)
    return target


def make_icon(folder: Path) -> Path:
    from icons import main as draw

    draw(folder / "icons")
    return folder / "icons" / "modelyard.ico"


def wait_until_gone(place: Path) -> None:
    end = time.monotonic() + SECONDS
    while place.exists() and time.monotonic() < end:
        time.sleep(0.2)
    left = [path.name for path in place.rglob("*")] if place.exists() else []
    expect(not place.exists(), f"left behind: {left[:10]}")


def expect(good: bool, otherwise: str) -> None:
    if not good:
        raise SystemExit("FAILED: " + otherwise)


if __name__ == "__main__":
    sys.exit(main())
