"""Puts the tokens on the application: style, palette, fonts, style sheet; follows the system's light or dark.

Where the platform cannot switch its scheme itself (most Linux desktops outside GNOME, offscreen), our own palette on
the Fusion style does it; so the same palette is used everywhere and nothing depends on what the platform supports.
"""

from __future__ import annotations

import string
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from .icons import Icons
from .tokens import DARK, LIGHT, TYPE_SCALE, Colours, Size, Space

# Drawn instead of DejaVu where a bare Linux desktop offers nothing better; all have Latin and most have Han glyphs.
_BETTER_FAMILIES = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "Noto Sans CJK SC", "Source Han Sans SC")
_PLAIN_FAMILIES = ("DejaVu Sans", "Bitstream Vera Sans", "Verdana")
_DRAWN = (16, 18, 28)  # pixels of boxes and arrows beside text of the usual size, which the style sheet draws
_USUAL_PIXELS = 13  # a letter of that text: ten points
_MONO_FAMILIES = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono")


class Theme(QObject):
    """The look in force.

    Signals: changed() after colours or fonts changed; icons and painted widgets draw themselves anew.
    """

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path, look: str = "system", text_scale: float = 1.0) -> None:
        """look: "system", "light" or "dark". text_scale multiplies the system's font size."""
        super().__init__(app)
        self._app = app
        self._sheet = string.Template((resources / "style" / "modelyard.qss").read_text(encoding="utf-8"))
        self._arrow_folder = resources / "icons"
        self._system_font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._system_dark = app.palette().color(QPalette.ColorRole.Window).lightness() < 128
        self._look = look
        self._text_scale = text_scale
        self.icons = Icons(resources / "icons")
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._ask_platform()
        self.apply()

    @property
    def dark(self) -> bool:
        if self._look != "system":
            return self._look == "dark"
        scheme = self._app.styleHints().colorScheme()
        if scheme == Qt.ColorScheme.Unknown:
            return self._system_dark
        return scheme == Qt.ColorScheme.Dark

    @property
    def colours(self) -> Colours:
        return DARK if self.dark else LIGHT

    def set_look(self, look: str) -> None:
        self._look = look
        self._ask_platform()
        self.apply()

    def set_text_scale(self, scale: float) -> None:
        self._text_scale = scale
        self.apply()

    def point_size(self, role: str) -> float:
        """Size of a type role in points."""
        base = self._system_font.pointSizeF()
        base = base if base > 0 else 10.0
        if QGuiApplication.platformName() in ("xcb", "wayland", "offscreen"):
            base = max(base, 10.0)
        return round(base * self._text_scale * TYPE_SCALE[role], 2)

    def mono_family(self) -> str:
        families = set(QFontDatabase.families())
        for family in _MONO_FAMILIES:
            if family in families:
                return family
        return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()

    def apply(self) -> None:
        """Puts palette, font and style sheet on the application and tells everybody."""
        self._app.setPalette(_palette(self.colours))
        self._app.setFont(self._font())
        values = self.colours.as_mapping()
        values |= {f"space_{key.lower()}": f"{value}px" for key, value in vars(Space).items() if key.isupper()}
        values |= {f"size_{key.lower()}": f"{value}px" for key, value in vars(Size).items() if key.isupper()}
        values |= {f"type_{role}": f"{self.point_size(role)}pt" for role in TYPE_SCALE}
        values["size_line"] = f"{QFontMetrics(self._app.font()).height()}px"
        growth = self._growth()
        values |= {f"drawn_{size}": f"{round(size * growth)}px" for size in _DRAWN}
        values |= _radio(growth) | {"round": f"{(round(Size.ICON * growth) + 16) // 2}px"}
        values["mono"] = self.mono_family()
        values["arrow"] = self._file("arrow-down-dark.svg" if self.dark else "arrow-down-light.svg")
        values["tick"] = self._file("tick-dark.svg" if self.dark else "tick-light.svg")
        self.icons.use(values, growth)
        self._app.setStyleSheet(self._sheet.substitute(values))
        self.changed.emit()

    def _growth(self) -> float:
        """How many times larger than usual the text is; what is drawn beside it grows with it, but never shrinks."""
        return max(1.0, QFontInfo(self._app.font()).pixelSize() / _USUAL_PIXELS)

    def _file(self, name: str) -> str:
        return (self._arrow_folder / name).as_posix()

    def _font(self) -> QFont:
        font = QFont(self._system_font)
        if QFontInfo(font).family() in _PLAIN_FAMILIES:
            families = set(QFontDatabase.families())
            better = next((family for family in _BETTER_FAMILIES if family in families), None)
            if better is not None:
                font.setFamily(better)
        font.setPointSizeF(self.point_size("body"))
        if _is_han(QFontInfo(font).family()) and QLocale().language() != QLocale.Language.Chinese:
            font.setFeature(QFont.Tag("palt"), 1)  # else quotation marks and dots are as wide as a Han character
        return font

    def _ask_platform(self) -> None:
        hints = self._app.styleHints()
        match self._look:
            case "light":
                hints.setColorScheme(Qt.ColorScheme.Light)
            case "dark":
                hints.setColorScheme(Qt.ColorScheme.Dark)
            case _:
                hints.unsetColorScheme()

    def _system_changed(self) -> None:
        if self._look == "system":
            self.apply()


def _radio(growth: float) -> dict[str, str]:
    """A ring that is as large with its dot as without."""
    side, ring = round(16 * growth), round(5 * growth)
    return {
        "radio": f"{side}px",
        "dot": f"{side + 2 - 2 * ring}px",
        "dot_ring": f"{ring}px",
        "radio_round": f"{side // 2 + 1}px",
    }


def _is_han(family: str) -> bool:
    return "CJK" in family or family.startswith("Source Han")


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for target, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.raised),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.on_accent),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.selection),
        (role.HighlightedText, colours.text),
        (role.Link, colours.accent_text),
        (role.LinkVisited, colours.accent_text),
        (role.Accent, colours.accent),
        (role.Mid, colours.border),
        (role.Dark, colours.border_strong),
        (role.Light, colours.surface),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.muted))
    return palette
