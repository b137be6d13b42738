"""An area that scrolls up and down is never narrower than what stands in it, whatever the size of the text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QScrollArea


class KeepsWidth(QObject):
    """Tells `use` the width that the content of `area` needs, at least `least` pixels, now and after every change."""

    def __init__(self, area: QScrollArea, least: int, use: Callable[[int], object]) -> None:
        super().__init__(area)
        self._area, self._least, self._use = area, least, use
        area.widget().installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Polish, QEvent.Type.StyleChange):
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        margins = self._area.viewportMargins()
        needed = self._area.widget().minimumSizeHint().width() + margins.left() + margins.right()
        self._use(max(self._least, needed))
