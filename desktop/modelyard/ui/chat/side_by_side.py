"""Two answers to the same question beside each other."""

from __future__ import annotations

from PySide6.QtCore import Qt

from ..design.tokens import Space
from ..widgets.layout import row
from .answer_message import AnswerMessage
from .flow import Flow


class SideBySide(Flow):
    """Attributes: answers."""

    def __init__(self, first: AnswerMessage, second: AnswerMessage) -> None:
        super().__init__()
        self.answers = (first, second)
        line = row(spacing=Space.XL)
        for each in self.answers:
            line.addWidget(each, 1, Qt.AlignmentFlag.AlignTop)
            each.offer_choice()
        self.setLayout(line)
