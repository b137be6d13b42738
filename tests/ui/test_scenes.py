"""Every state of the window: nothing clipped, everything named, everything reachable, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QLabel, QStackedWidget, QWidget

from modelyard.ui.widgets.buttons import LayoutButton
from modelyard.ui.widgets.labels import ElidedText

from .scenes import SCENES, pump, showing

W = TypeVar("W", bound=QWidget)


def visible(root: QWidget, kind: type[W]) -> Iterator[W]:
    for each in root.findChildren(kind):
        if each.isVisible() and each.width() > 0:
            yield each


def clipped(root: QWidget) -> list[str]:
    found = []
    for label in visible(root, QLabel):
        if isinstance(label, ElidedText) or not label.text():
            continue
        if label.wordWrap():
            room, needed = label.height(), label.heightForWidth(label.width())
        else:
            room, needed = label.width(), label.sizeHint().width()
        if room < needed - 1:
            found.append(f"{label.text()[:60]!r}: {room} < {needed}")
    for button in visible(root, QAbstractButton):
        needed = button.sizeHint().width()
        if button.text() and not isinstance(button, LayoutButton) and button.width() < needed - 1:
            found.append(f"button {button.text()!r}: {button.width()} < {needed}")
    return found


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader cannot name."""
    found = []
    for widget in visible(root, QWidget):
        if isinstance(widget, QStackedWidget) or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name).strip():
            inner = isinstance(widget.parentWidget(), QAbstractScrollArea)
            if not inner and widget.objectName() != "qt_spinbox_lineedit":
                found.append(f"{type(widget).__name__} {widget.objectName()!r}")
    return found


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(("language", "scale"), [("en", 1.5), ("zh_CN", 1.0)], ids=["en-150", "zh-100"])
def test_scene(qapp: QApplication, tmp_path: Path, name: str, language: str, scale: float) -> None:
    with showing(qapp, tmp_path, name, language, "dark" if scale == 1.0 else "light", scale) as desk:
        pump(2.0, lambda: not clipped(desk.window))  # a layout may still be on its way
        assert clipped(desk.window) == []
        assert nameless(desk.window) == []
