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
_NEEDED = ("qoffscreen", "qsvg", "qsvgicon", "qjpeg")
_ENDINGS = {".so", ".dll", ".dylib"}
_PICTURES = {b"png", b"jpg", b"gif", b"webp", b"svg"}


def plugins(data: Path) -> str:
    """The ones that a window needs are there and load, with the libraries they want. Others that do not are named."""
    from PySide6.QtCore import QLibraryInfo, QPluginLoader

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    found = {file.stem.removeprefix("lib"): file for file in folder.rglob("*") if file.suffix in _ENDINGS}
    # Those of a checkout are many, for machines of every kind.
    packed = getattr(sys, "frozen", False)
    needed = {*_NEEDED, *(_PLATFORMS.get(sys.platform, _OTHER_PLATFORMS) if packed else ())}
    expect(needed <= set(found), f"missing: {', '.join(sorted(needed - set(found)))}")
    wanted = set(found) if packed else needed
    loaders = {name: QPluginLoader(str(found[name])) for name in sorted(wanted)}
    faults = {name: loader.errorString() for name, loader in loaders.items() if not loader.load()}
    expect(not needed & set(faults), "; ".join(faults.values()))
    useless = f", but not {', '.join(faults)}" if faults else ""
    return f"{', '.join(sorted(needed))}; {len(wanted) - len(faults)} load{useless}"


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
    os.environ["QT_LOGGING_RULES"] = "qt.qpa.fonts.warning=false"  # macOS: how long a look for a font took
    if sys.platform == "win32":  # without a screen Qt looks for fonts beside itself there, and complains
        os.environ.setdefault("QT_QPA_FONTDIR", str(Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"))
    from ..ui.app import make_application

    return make_application(["modelyard"])
