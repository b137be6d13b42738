"""Columns, rows and scrolling pages with distances from the spacing scale."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from ..design.tokens import Size, Space
from .scrolling import Scroll, Scrolled

Item = QWidget | QLayout | int | None


def column(*items: Item, spacing: int = Space.M, margin: int = 0) -> QVBoxLayout:
    """Items from top to bottom. An int is a gap in pixels, None takes the room that is left."""
    return _fill(QVBoxLayout(), items, spacing, margin)


def row(*items: Item, spacing: int = Space.S, margin: int = 0) -> QHBoxLayout:
    """Items from left to right; see `column`."""
    return _fill(QHBoxLayout(), items, spacing, margin)


_Box = TypeVar("_Box", bound=QBoxLayout)


def _fill(layout: _Box, items: tuple[Item, ...], spacing: int, margin: int) -> _Box:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for item in items:
        match item:
            case QWidget():
                layout.addWidget(item)
            case QLayout():
                layout.addLayout(item)
            case None:
                layout.addStretch(1)
            case _:
                layout.addSpacing(item)
    return layout


def clear(layout: QLayout) -> None:
    """Removes and deletes everything inside a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def line() -> QFrame:
    """A thin dividing line."""
    frame = QFrame()
    frame.setObjectName("line")
    frame.setFixedHeight(1)
    return frame


def centred(content: QLayout, width: int = Size.COLUMN, bottom: int = 0, bar: int = 0) -> QHBoxLayout:
    """`content` in a column of readable width, in the middle. `bar`: pixels for a scroll bar at the right of that
    column; content has them too, and keeps what should end with the column away from there."""
    holder = QWidget()
    content.setContentsMargins(0, 0, 0, 0)
    holder.setLayout(content)
    holder.setMaximumWidth(width + bar)
    outer = row(spacing=0)
    outer.setContentsMargins(Space.XL, Space.XL, Space.XL - bar, bottom)
    outer.addStretch(0)
    outer.addWidget(holder, 1)  # all there is; what it may not have goes to both sides
    outer.addStretch(0)
    return outer


class BalancedScroll(Scroll):
    """Scrolls up and down; its content stays in the middle of the window."""

    def margins_for(self, extent: int) -> QMargins:
        return QMargins(extent, 0, extent, 0)


class ScrollPage(BalancedScroll):
    """A page that scrolls; its content stands in a centred column of readable width.

    Attributes: body, the column to add to.
    """

    def __init__(self, width: int = Size.COLUMN) -> None:
        self.body = column(spacing=Space.L)
        super().__init__(Scrolled(centred(self.body, width, Space.XXL)))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_top(self) -> None:
        self.verticalScrollBar().setValue(0)
