"""Widgets whose height follows from their width."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget


class Flow(QWidget):
    """Asked for a size without a width, Qt would lay out all text inside for a width that nobody will give it, again
    and again. Here it gets a fixed answer; its layout still says the height for the width it really has."""

    def sizeHint(self) -> QSize:
        return QSize(400, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 8)
