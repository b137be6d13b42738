"""Rows of name and value."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ..design.tokens import Space
from .labels import Text


class Facts(QWidget):
    """Names grey at the left, values at the right, selectable. Rows without a value are left out."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        super().__init__()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.XL)
        grid.setVerticalSpacing(Space.S)
        grid.setColumnStretch(1, 1)
        for number, (name, value) in enumerate((name, value) for name, value in rows.items() if value):
            grid.addWidget(Text(name, "muted", wrap=False), number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Text(value, "body", selectable=True), number, 1, Qt.AlignmentFlag.AlignTop)
        self.setLayout(grid)
