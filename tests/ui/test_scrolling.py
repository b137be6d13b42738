"""Pages that scroll, as a screen reader meets them."""

from __future__ import annotations

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from modelyard.ui.widgets.layout import BalancedScroll

from .scenes import pump


def test_the_scroll_bar_keeps_its_place(qapp: QApplication) -> None:
    """A screen reader that counted a bar may ask for it a moment later: Qt must still have it."""
    content = QWidget()
    content.setMinimumHeight(2000)
    area = BalancedScroll(content)
    area.resize(300, 200)
    area.show()
    pump(0.05)
    seen = QAccessible.queryAccessibleInterface(area)
    count, room = seen.childCount(), area.viewport().width()
    assert area.verticalScrollBar().isEnabled()
    content.setMinimumHeight(10)
    pump(0.05)
    assert not area.verticalScrollBar().isEnabled()
    assert seen.childCount() == count and seen.child(count - 1) is not None
    assert area.viewport().width() == room
    assert area.viewport().x() == area.width() - area.viewport().geometry().right() - 1  # in the middle
    area.deleteLater()
