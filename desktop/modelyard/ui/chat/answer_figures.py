"""The figures of an answer: how fast, how soon, how long; folded behind "Details"."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from ...chat.values import Message
from ..context import Context
from ..models.wording import engine_name
from ..widgets.buttons import button
from ..widgets.facts import Facts
from ..widgets.layout import clear, column


class AnswerFigures(QObject):
    """Attributes: button, which shows and hides; panel, where the figures stand."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._words = context.words
        self._message: Message | None = None
        self.button = button(self.tr("Details"), self._toggle, "quiet")
        self.button.setProperty("small", True)
        self.panel = QWidget()
        self._body = column()
        self.panel.setLayout(self._body)
        self.panel.hide()

    def show_message(self, message: Message) -> None:
        self._message = message
        self.button.setVisible(message.stats is not None or bool(message.model))
        if not self.panel.isHidden():
            self._fill()

    def _toggle(self) -> None:
        if self.panel.isHidden():
            self._fill()
        self.panel.setVisible(self.panel.isHidden())

    def _fill(self) -> None:
        clear(self._body)
        message = self._message
        if message is None:
            return
        rows = {self.tr("Model"): message.model, self.tr("Engine"): engine_name(message.engine)}
        stats = message.stats
        if stats is not None:
            speed = self.tr("{n} tokens a second").format(n=f"{stats.tokens_per_second:.1f}")
            memory = self.tr("{n} tokens").format(n=f"{stats.context_length:,}") if stats.context_length else ""
            rows |= {
                self.tr("Speed"): speed if stats.tokens_per_second else "",
                self.tr("First word after"): self._time(stats.first_token_seconds),
                self.tr("Loading took"): self._time(stats.load_seconds),
                self.tr("Thought for"): self._time(stats.thinking_seconds),
                self.tr("Read"): self.tr("{n} tokens").format(n=f"{stats.prompt_tokens:,}"),
                self.tr("Written"): self.tr("{n} tokens").format(n=f"{stats.answer_tokens:,}"),
                self.tr("Conversation memory"): memory,
                self.tr("Oldest messages left out"): str(stats.forgotten or ""),
            }
        self._body.addWidget(Facts(rows))

    def _time(self, seconds: float) -> str:
        return self.tr("{n} s").format(n=f"{seconds:.1f}") if seconds >= 0.05 else ""
