"""Translations of the window: ours (resources/i18n, one file per part of ui/) and Qt's own.

The sources (.ts) are kept; the compiled .qm are not. In a checkout they are made when missing or old; what ships has
them ready (packaging/i18n.py).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import PySide6
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from ..words.catalogue import system_language


def chosen_language(setting: str) -> str:
    """The language for the setting "system", "en" or "zh_CN"."""
    return system_language() if setting == "system" else setting


class Translations:
    """The translators of one application."""

    def __init__(self, app: QCoreApplication, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._loaded: list[QTranslator] = []

    def use(self, language: str) -> None:
        """Switches language; widgets made from now on speak it."""
        self.unload()
        QLocale.setDefault(QLocale(language))
        for path in (catalogue_file(self._folder, language), _qt_file(language)):
            translator = QTranslator(self._app)
            if path is not None and translator.load(str(path)):
                self._app.installTranslator(translator)
                self._loaded.append(translator)

    def unload(self) -> None:
        """Back to the texts as they are written."""
        for old in self._loaded:
            self._app.removeTranslator(old)
        self._loaded.clear()


def catalogue_file(folder: Path, language: str) -> Path | None:
    """The compiled catalogue, made anew in a checkout when a source is newer."""
    compiled = folder / f"modelyard_{language}.qm"
    sources = sorted(folder.glob(f"*.{language}.ts"))
    newest = max((source.stat().st_mtime for source in sources), default=0.0)
    if sources and (not compiled.exists() or compiled.stat().st_mtime < newest):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            compile_catalogue(sources, compiled)
    return compiled if compiled.exists() else None


def compile_catalogue(sources: list[Path], compiled: Path) -> None:
    """lrelease. Raises OSError or SubprocessError if the tool is missing or refuses."""
    fresh = compiled.with_name(f".{compiled.name}.{os.getpid()}")
    tool = qt_tool("lrelease")
    try:
        subprocess.run([tool, "-silent", *sources, "-qm", fresh], check=True, capture_output=True, timeout=30)
        fresh.replace(compiled)
    finally:
        fresh.unlink(missing_ok=True)


def qt_tool(name: str) -> Path:
    """A Qt tool that comes with PySide6 (lrelease, lupdate); not part of what ships."""
    return Path(PySide6.__file__).parent / (f"{name}.exe" if sys.platform == "win32" else name)


def _qt_file(language: str) -> Path | None:
    path = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{language}.qm"
    return path if path.exists() else None
