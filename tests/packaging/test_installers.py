"""What the installers are made of: the icon's containers, the Windows installer, the AppImage's first file."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import modelyard

from .tools import LINUX, PACKAGING, judged, needed, packaging_module

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="session")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icons")
    judged(sys.executable, PACKAGING / "icons.py", folder)
    return folder


def test_the_windows_icon_holds_pictures_of_its_sizes(icons: Path) -> None:
    data = (icons / "modelyard.ico").read_bytes()
    reserved, kind, count = struct.unpack_from("<HHH", data)
    assert (reserved, kind) == (0, 1)
    sizes = set()
    for number in range(count):
        width, height, _, _, _, bits, length, offset = struct.unpack_from("<BBBBHHII", data, 6 + 16 * number)
        picture = data[offset : offset + length]
        assert width == height and bits == 32 and picture.startswith(PNG)
        assert struct.unpack_from(">II", picture, 16) == (width or 256, height or 256)
        sizes.add(width or 256)
    assert sizes >= {16, 32, 48, 256}


def test_the_macos_icon_holds_pictures_up_to_its_end(icons: Path) -> None:
    data = (icons / "modelyard.icns").read_bytes()
    magic, length = struct.unpack_from(">4sI", data)
    assert (magic, length) == (b"icns", len(data))
    sizes, at = {}, 8
    while at < len(data):
        kind, length = struct.unpack_from(">4sI", data, at)
        assert data[at + 8 : at + 16] == PNG
        sizes[kind] = struct.unpack_from(">I", data, at + 8 + 16)[0]
        at += length
    assert sizes[b"ic07"] == 128 and sizes[b"ic10"] == 1024


def test_the_windows_installer_compiles_without_a_warning(icons: Path, tmp_path: Path) -> None:
    payload = tmp_path / "内容 payload"
    (payload / "_internal" / "数据").mkdir(parents=True)
    for name in ("modelyard.exe", "modelyard-window.exe", "LICENSE", "_internal/数据/模型.txt"):
        (payload / name).write_bytes(b"dummy")
    setup = tmp_path / "Modelyard-setup.exe"
    defines = [f"-DVERSION={modelyard.__version__}", f"-DSOURCE={payload}", f"-DOUTPUT={setup}"]
    icon = f"-DICON={icons / 'modelyard.ico'}"
    script = PACKAGING / "windows" / "installer.nsi"
    judged(needed("makensis"), "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, icon, script)
    assert setup.read_bytes().startswith(b"MZ")


def test_the_uninstaller_is_signed_before_it_is_packed(
    icons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed("makensis")
    payload, log = tmp_path / "payload", tmp_path / "signed"
    payload.mkdir()
    for name in ("modelyard.exe", "modelyard-window.exe", "LICENSE"):
        (payload / name).write_bytes(b"dummy")
    note = f"import sys; open({str(log)!r}, 'ab').write(open(sys.argv[1], 'rb').read(2))"
    monkeypatch.setenv("MODELYARD_SIGN_COMMAND", "|".join((sys.executable, "-c", note, "{file}")))
    setup = packaging_module("windows.setup")
    setup.compile_installer(payload, tmp_path / "Modelyard-setup.exe", icons / "modelyard.ico")
    assert log.read_bytes() == b"MZ"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_windows_installer_installs_upgrades_and_uninstalls(icons: Path) -> None:
    """Under Wine with its 32-bit half (Debian: wine32:i386); on Windows the release workflow does the same."""
    if os.name != "nt":
        needed("wine")
    needed("makensis")
    judged(sys.executable, PACKAGING / "smoke_nsis.py", "--icon", icons / "modelyard.ico", seconds=360)


def test_what_windows_shows_under_properties_is_read_by_pyinstaller() -> None:
    text = packaging_module("windows.version_info").version_info("Modelyard", "1.2.3")
    assert "filevers=(1, 2, 3, 0)" in text and "StringStruct('ProductName', 'Modelyard')" in text
    compile(text, "version_info.txt", "eval")


@pytest.mark.skipif(os.name == "nt", reason="AppImages are for Linux")
def test_the_appimage_starts_the_program_beside_it_with_its_arguments(tmp_path: Path) -> None:
    folder = tmp_path / "挂载 mount"
    program = folder / "usr" / "lib" / "modelyard" / "modelyard"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    shutil.copy(LINUX / "AppRun", folder / "AppRun")
    link = tmp_path / "Modelyard.AppImage"
    link.symlink_to(folder / "AppRun")
    said = subprocess.run([link, "模型 a.gguf", "--x"], capture_output=True, text=True, encoding="utf-8", check=True)
    assert said.stdout == "模型 a.gguf|--x|"


def test_sums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "Modelyard-1.2.3-setup.exe").write_bytes(b"a")
    (tmp_path / "notes.txt").write_bytes(b"not handed out")
    packaging_module("build").write_sums(tmp_path)
    expected = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  Modelyard-1.2.3-setup.exe\n"
    assert (tmp_path / "SHA256SUMS").read_text(encoding="utf-8") == expected


@pytest.mark.skipif(os.name == "nt", reason="for macOS and Linux")
@pytest.mark.parametrize("script", ["macos/sign.sh", "linux/AppRun"])
def test_scripts_can_be_read_by_their_shells(script: str) -> None:
    file = PACKAGING / script
    assert os.access(file, os.X_OK) or script == "linux/AppRun"
    judged(file.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!").split()[-1], "-n", file)


def test_without_an_identity_nothing_is_signed_and_it_says_so(tmp_path: Path) -> None:
    environment = {"PATH": os.environ.get("PATH", "")}
    done = subprocess.run(
        [needed("bash"), str(PACKAGING / "macos" / "sign.sh"), str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    assert "not signed" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's shebang")
def test_every_mach_o_is_signed_before_the_bundle(tmp_path: Path) -> None:
    """With twins of codesign and file: what is signed, and in which order."""
    app = tmp_path / "x.app"
    inside = app / "Contents" / "Frameworks" / "QtCore.framework" / "Versions" / "A"
    inside.mkdir(parents=True)
    for path in (inside / "QtCore", app / "Contents" / "libx y.dylib", app / "Contents" / "notes.txt"):
        path.write_bytes(b"x")
    twins = tmp_path / "bin"
    twins.mkdir()
    (twins / "file").write_text('#!/bin/sh\ncase "$2" in *.txt) echo text;; *) echo Mach-O 64-bit;; esac\n')
    (twins / "codesign").write_text('#!/bin/sh\nfor last; do :; done\necho "$last" >> "$LOG"\n')
    for each in twins.iterdir():
        each.chmod(0o755)
    log = tmp_path / "log"
    environment = {"PATH": f"{twins}:/usr/bin:/bin", "MODELYARD_SIGN_IDENTITY": "me", "LOG": str(log)}
    subprocess.run([needed("bash"), str(PACKAGING / "macos" / "sign.sh"), str(app)], env=environment, check=True)
    signed = log.read_text(encoding="utf-8").splitlines()
    assert set(signed[:2]) == {str(inside / "QtCore"), str(app / "Contents" / "libx y.dylib")}
    assert signed[2:] == [str(app / "Contents" / "Frameworks" / "QtCore.framework"), str(app), str(app)]
