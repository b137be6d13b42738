"""How much of the conversation memory is used."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from ...chat.values import Message
from ..context import Context
from ..design.tokens import Space
from ..figures import pages
from ..widgets.labels import Text, set_property
from ..widgets.layout import row

NEARLY_FULL = 0.8


class MemoryGauge(QWidget):
    """Told by the newest answer's figures.

    Attributes: share, used part of the memory, 0.0 to 1.0."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._words = context.words
        self.share = 0.0
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(72)
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName(self.tr("Conversation memory"))
        self._text = Text("", "caption", wrap=False)
        self.setLayout(row(self._text, self._bar, spacing=Space.S))
        self.hide()

    def show_answer(self, answer: Message | None) -> None:
        stats = answer.stats if answer is not None else None
        memory = stats.context_length if stats is not None else None
        self.setVisible(bool(memory))
        self.share = 0.0
        if stats is None or not memory:
            return
        used = stats.prompt_tokens + stats.answer_tokens
        self.share = min(1.0, used / memory)
        percent = round(self.share * 100)
        self._bar.setValue(percent)
        set_property(self._bar, "state", "failed" if self.share >= 0.95 else "")
        self._text.setText(self.tr("Memory {n}%").format(n=percent))
        tip = self.tr("The model has {used} of {all} tokens of this conversation in mind ({pages}).").format(
            used=f"{used:,}", all=f"{memory:,}", pages=pages(self._words, memory)
        )
        self.setToolTip(tip)
        self._bar.setAccessibleDescription(tip)
