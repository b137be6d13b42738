"""The messages of one conversation in a column that follows the newest text, unless the reader scrolled up."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ..design.tokens import Space
from ..widgets.layout import BalancedScroll, centred, clear, column

_NEAR = 24  # pixels from the end that still count as "at the end"


class Transcript(BalancedScroll):
    def __init__(self) -> None:
        inner = QWidget()
        inner.setObjectName("page")
        super().__init__(inner)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Conversation"))
        self._following = True
        self._body = column(spacing=Space.XL)
        inner.setLayout(centred(self._body, bottom=Space.L))
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._scrolled)
        self._body.addStretch(1)

    def add(self, widget: QWidget) -> None:
        self._body.insertWidget(self._body.count() - 1, widget)

    def take_away(self, widget: QWidget) -> None:
        self._body.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    def empty(self) -> None:
        clear(self._body)
        self._body.addStretch(1)
        self._following = True

    def follow(self) -> None:
        """To the end, and stay there."""
        self._following = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _range_changed(self, _low: int, high: int) -> None:
        if self._following:
            self.verticalScrollBar().setValue(high)

    def _scrolled(self, value: int) -> None:
        self._following = value >= self.verticalScrollBar().maximum() - _NEAR
