"""Our own line icons (resources/icons/*.svg, 24 px grid, `currentColor`), coloured from the tokens in force.

`apply_icon` remembers name and colour role on the widget itself, so that `refresh` can redraw every icon after the
look changed, without each widget listening for it. Sizes are those beside text of the usual size; with larger text
icons grow.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

_NAME = "drawnIcon"
_ROLE = "drawnRole"
_SIZE = "drawnSize"


class Icons:
    """Draws icons by name in a colour role ("text", "muted", "accent", "on_accent", "bad", …)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._colours: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._growth = 1.0

    def use(self, colours: dict[str, str], growth: float) -> None:
        """`growth`: how many times larger than usual."""
        self._colours = colours
        self._growth = growth
        self._pixmaps.clear()
        self.refresh()

    def grown(self, size: int) -> int:
        """Logical pixels of an icon that usually has `size`."""
        return round(size * self._growth)

    def pixmap(self, name: str, role: str, size: int, ratio: float) -> QPixmap:
        """A square picture, usually of `size` logical pixels, for a screen of device pixel ratio `ratio`."""
        size = self.grown(size)
        key = (name, role, size, ratio)
        if key not in self._pixmaps:
            if name not in self._sources:
                self._sources[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
            source = self._sources[name].replace("currentColor", self._colours[role])
            picture = QPixmap(round(size * ratio), round(size * ratio))
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(picture.rect()))
            painter.end()
            picture.setDevicePixelRatio(ratio)
            self._pixmaps[key] = picture
        return self._pixmaps[key]

    def put(self, widget: QAbstractButton | QLabel, name: str, role: str, size: int) -> None:
        """Shows an icon on a button or label and keeps it in step with the look."""
        widget.setProperty(_NAME, name)
        widget.setProperty(_ROLE, role)
        widget.setProperty(_SIZE, size)
        self._draw(widget)

    def refresh(self) -> None:
        for widget in QApplication.allWidgets():
            if widget.property(_NAME):
                self._draw(widget)

    def _draw(self, widget: QWidget) -> None:
        picture = self.pixmap(
            widget.property(_NAME), widget.property(_ROLE), widget.property(_SIZE), widget.devicePixelRatioF()
        )
        if isinstance(widget, QLabel):
            widget.setPixmap(picture)
            widget.setFixedSize(picture.deviceIndependentSize().toSize())
        elif isinstance(widget, QAbstractButton):
            icon = QIcon(picture)
            icon.addPixmap(picture, QIcon.Mode.Disabled)
            widget.setIcon(icon)
            widget.setIconSize(picture.deviceIndependentSize().toSize())
