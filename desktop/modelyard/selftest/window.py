"""The window without a display: Qt's plugins, translations, every view's code."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .faults import expect

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

_PLATFORMS = {"win32": ("qwindows",), "darwin": ("qcocoa",)}
_OTHER_PLATFORMS = ("qxcb", "qwayland")
_ENDINGS = {".so", ".dll", ".dylib"}
_PICTURES = {b"png", b"jpg", b"gif", b"webp", b"svg"}


def plugins(data: Path) -> str:
    """The ones that a window needs are there; all that are there load, with the libraries they want."""
    from PySide6.QtCore import QLibraryInfo, QPluginLoader

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    found = {file.stem.removeprefix("lib"): file for file in folder.rglob("*") if file.suffix in _ENDINGS}
    needed = {"qoffscreen", "qsvg", "qsvgicon", "qjpeg", *_PLATFORMS.get(sys.platform, _OTHER_PLATFORMS)}
    expect(needed <= set(found), f"missing: {sorted(needed - set(found))}")
    # Those of a checkout are many, for machines of every kind.
    wanted = found if getattr(sys, "frozen", False) else {name: found[name] for name in sorted(needed)}
    faults = []
    for file in wanted.values():
        loader = QPluginLoader(str(file))
        if not loader.load():
            faults.append(loader.errorString())
    expect(not faults, "; ".join(faults))
    return f"{', '.join(sorted(name for name in wanted if found[name].parent.name == 'platforms'))}; {len(wanted)} load"


def translations(data: Path) -> str:
    """Our words and Qt's own."""
    from PySide6.QtWidgets import QApplication

    from ..host.folders import resources_folder
    from ..ui.i18n import Translations

    loaded = Translations(_application(), resources_folder() / "i18n")
    loaded.use("zh_CN")
    shown = [QApplication.translate(*each) for each in (("Rail", "Models"), ("QPlatformTheme", "Cancel"))]
    loaded.use("en")
    expect(shown == ["模型", "取消"], shown)
    return ", ".join(shown)


def window(data: Path) -> str:
    """The look, the icons, the pictures of a chat, and the code of every view."""
    from PySide6.QtGui import QGuiApplication, QImageReader

    from ..host.folders import resources_folder
    from ..ui.design.theme import Theme
    from ..ui.pages import load_pages

    theme = Theme(_application(), resources_folder())
    expect(not theme.icons.pixmap("chat", "text", 24, 1.0).isNull(), "the icons cannot be drawn")
    pictures = {bytes(each.data()) for each in QImageReader.supportedImageFormats()}
    expect(pictures >= _PICTURES, f"pictures: {sorted(pictures)}")
    load_pages()
    return QGuiApplication.platformName()


@functools.cache
def _application() -> QApplication:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ..ui.app import make_application

    return make_application(["modelyard"])
