"""Is Ollama installed on this computer, and where (facts/ollama.md §6.1)? Nothing is started here."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DOWNLOAD_PAGE = "https://ollama.com/download"
_WINDOWS_KEY = (
    r"Software\Microsoft\Windows\CurrentVersion\Uninstall\{44E83376-CE68-45EB-8FC1-393500EB558C}_is1",
    r"Software\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\{44E83376-CE68-45EB-8FC1-393500EB558C}_is1",
)


@dataclass(frozen=True)
class Installation:
    """`program` runs `serve`; `app` is the desktop app that keeps a server running, where there is one."""

    program: Path | None
    app: Path | None

    @property
    def found(self) -> bool:
        return self.program is not None or self.app is not None


@dataclass(frozen=True)
class Place:
    """What finding depends on; tests put their own in."""

    platform: str
    environ: Mapping[str, str]
    which: Callable[[str], str | None]
    root: Path = Path("/")
    registered: Callable[[], str] = lambda: ""

    def path(self, absolute: str) -> Path:
        return self.root / absolute.lstrip("/")


def this_place() -> Place:
    return Place(sys.platform, os.environ, shutil.which, registered=_registered_folder)


def find_ollama(place: Place | None = None) -> Installation:
    place = place or this_place()
    match place.platform:
        case "win32":
            return _on_windows(place)
        case "darwin":
            return _on_mac(place)
        case _:
            return _on_linux(place)


def _on_windows(place: Place) -> Installation:
    folders = [Path(place.registered())] if place.registered() else []
    if local := place.environ.get("LOCALAPPDATA"):
        folders.append(Path(local) / "Programs" / "Ollama")
    if on_path := place.which("ollama.exe") or place.which("ollama"):
        folders.append(Path(on_path).parent)
    return Installation(_first(folders, "ollama.exe"), _first(folders, "ollama app.exe"))


def _on_mac(place: Place) -> Installation:
    bundles = [place.path("/Applications/Ollama.app")]
    if home := place.environ.get("HOME"):
        bundles.append(Path(home) / "Applications" / "Ollama.app")
    app = next((bundle for bundle in bundles if _there(bundle)), None)
    inside = app / "Contents" / "Resources" / "ollama" if app else None
    candidates = [inside, place.path("/usr/local/bin/ollama"), place.path("/opt/homebrew/bin/ollama")]
    return Installation(_program(place, candidates), app)


def _on_linux(place: Place) -> Installation:
    folders = ("/usr/local/bin", "/usr/bin", "/bin", "/snap/bin")
    return Installation(_program(place, [place.path(f"{folder}/ollama") for folder in folders]), None)


def _program(place: Place, candidates: list[Path | None]) -> Path | None:
    found = place.which("ollama")
    if found:
        return Path(found)
    return next((path for path in candidates if path is not None and _there(path)), None)


def _first(folders: list[Path], name: str) -> Path | None:
    return next((folder / name for folder in folders if _there(folder / name)), None)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that we may not enter
        return False


def _registered_folder() -> str:
    """Where Ollama's installer says it put the program; empty off Windows."""
    if sys.platform != "win32":
        return ""
    import winreg

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for path in _WINDOWS_KEY:
            try:
                with winreg.OpenKey(hive, path) as key:
                    return str(winreg.QueryValueEx(key, "InstallLocation")[0])
            except OSError:
                continue
    return ""
