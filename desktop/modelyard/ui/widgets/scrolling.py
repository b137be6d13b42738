"""The areas that scroll."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QScrollBar, QWidget


class Scrolled(QWidget):
    """What scrolls up and down: as high as it needs at the width it has.

    Qt asks for the height at the narrowest width as well, where words take more lines, and would scroll on into
    emptiness."""

    def __init__(self, layout: QLayout) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setLayout(layout)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(least.width(), 0) if self.layout().hasHeightForWidth() else least


class Scroll(QScrollArea):
    """Scrolls its content in one direction. Room for an upright bar is always kept: nothing moves when it comes.

    The bar is a widget beside the viewport that follows the area's own, which never shows: Qt 6.11 crashes when a
    screen reader asks an area for a bar that has just gone, or gone with its whole page
    (QAccessibleAbstractScrollArea::child does not check how many children there are). This way there is always one.
    """

    def __init__(self, content: QWidget, direction: Qt.Orientation = Qt.Orientation.Vertical) -> None:
        super().__init__()
        self._upright = direction is Qt.Orientation.Vertical
        self._inner = self.verticalScrollBar() if self._upright else self.horizontalScrollBar()
        self.bar = QScrollBar(direction, self)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inner.rangeChanged.connect(self._range_changed)
        self._inner.valueChanged.connect(self.bar.setValue)
        self.bar.valueChanged.connect(self._inner.setValue)
        self.setWidget(content)
        self._place()

    def margins_for(self, extent: int) -> QMargins:
        """What a bar of that width or height takes from the viewport."""
        return QMargins(0, 0, extent, 0) if self._upright else QMargins(0, 0, 0, extent)

    @property
    def room(self) -> int:
        """Pixels kept for the bar now."""
        return self._extent if self._upright or self._needed else 0

    @property
    def _extent(self) -> int:
        size = self.bar.sizeHint()
        return size.width() if self._upright else size.height()

    @property
    def _needed(self) -> bool:
        return self._inner.maximum() > self._inner.minimum()

    def _place(self) -> None:
        self.setViewportMargins(self.margins_for(self.room))
        area = self.rect()
        if self._upright:
            area.setLeft(area.right() + 1 - self._extent)
        else:
            area.setTop(area.bottom() + 1 - self._extent)
        self.bar.setGeometry(area)
        self._follow()

    def _range_changed(self) -> None:
        if self._upright:
            self._follow()
        else:
            self._place()

    def _follow(self) -> None:
        blocked = QSignalBlocker(self.bar)  # the area bounds its value itself, after this
        self.bar.setRange(self._inner.minimum(), self._inner.maximum())
        self.bar.setPageStep(self._inner.pageStep())
        self.bar.setSingleStep(self._inner.singleStep())
        self.bar.setValue(self._inner.value())
        blocked.unblock()
        self.bar.setVisible(self._needed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._place()
