"""Areas that scroll: their bar, and what a screen reader meets."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from modelyard.ui.widgets.layout import BalancedScroll
from modelyard.ui.widgets.scrolling import Scroll

from .scenes import pump


def shown(area: Scroll) -> Scroll:
    area.resize(300, 200)
    area.show()
    pump(0.05)
    return area


def test_a_screen_reader_finds_as_many_children_at_any_time(qapp: QApplication) -> None:
    """What it counted it may ask for a moment later: Qt must still have it."""
    content = QWidget()
    content.setMinimumHeight(2000)
    area = shown(BalancedScroll(content))
    seen = QAccessible.queryAccessibleInterface(area)
    assert seen.childCount() == 1
    room = area.viewport().geometry()
    for change in (lambda: content.setMinimumHeight(10), area.hide, area.show):
        change()
        pump(0.05)
        assert seen.childCount() == 1 and seen.child(0) is not None
        assert area.viewport().geometry() == room
    assert room.x() == area.width() - room.right() - 1  # in the middle
    area.deleteLater()


def test_the_bar_and_the_content_go_together(qapp: QApplication) -> None:
    content = QWidget()
    content.setMinimumHeight(2000)
    area = shown(BalancedScroll(content))
    inner, bar = area.verticalScrollBar(), area.bar
    assert bar.isVisible() and not inner.isVisible()
    assert bar.geometry() == area.rect().adjusted(area.width() - bar.width(), 0, 0, 0)
    assert (bar.maximum(), bar.pageStep()) == (1800, 200)
    bar.setValue(300)
    assert content.y() == -300
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, bar.height() * 3 // 4))
    assert content.y() == -500  # a page down
    place = QPointF(area.viewport().rect().center())
    buttons, keys, phase = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(
        place, area.viewport().mapToGlobal(place), QPoint(), QPoint(0, -120), buttons, keys, phase, False
    )
    QApplication.sendEvent(area.viewport(), wheel)
    assert -content.y() == bar.value() > 500
    content.setMinimumHeight(400)
    pump(0.05)
    assert (bar.maximum(), bar.value(), content.y()) == (200, 200, -200)
    content.setMinimumHeight(100)
    pump(0.05)
    assert not bar.isVisible() and content.y() == 0
    area.deleteLater()


def test_a_level_bar_takes_room_only_when_it_is_needed(qapp: QApplication) -> None:
    content = QWidget()
    area = shown(Scroll(content, Qt.Orientation.Horizontal))
    assert area.room == 0 and area.viewport().height() == 200 and not area.bar.isVisible()
    content.setMinimumWidth(1000)
    pump(0.05)
    assert area.room == area.bar.height() > 0
    assert area.viewport().height() == 200 - area.room
    area.bar.setValue(700)
    assert content.x() == -700
    QApplication.sendEvent(area, QEvent(QEvent.Type.StyleChange))
    assert area.bar.geometry().bottom() == 199
    area.deleteLater()
