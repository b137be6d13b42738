"""Columns, rows and scrolling pages with distances from the spacing scale."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from ..design.tokens import Size, Space
from .scrolling import Scroll

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


def centred(content: QLayout, width: int = Size.COLUMN, bottom: int = 0) -> QHBoxLayout:
    """`content` in a column of readable width, in the middle."""
    holder = QWidget()
    content.setContentsMargins(0, 0, 0, 0)
    holder.setLayout(content)
    holder.setMaximumWidth(width)
    outer = row(spacing=0)
    outer.setContentsMargins(Space.XL, Space.XL, Space.XL, bottom)
    outer.addStretch(1)
    outer.addWidget(holder, 100)
    outer.addStretch(1)
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
        inner = QWidget()
        inner.setObjectName("page")
        self.body = column(spacing=Space.L)
        inner.setLayout(centred(self.body, width, Space.XXL))
        super().__init__(inner)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_top(self) -> None:
        self.verticalScrollBar().setValue(0)
