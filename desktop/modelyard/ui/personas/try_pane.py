"""Try it: a short conversation with the persona as it stands, saved or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from ...engines.base import ChatMessage, ChatStats, InstalledModel
from ...errors import ModelyardError
from ...modelfile.persona import Persona
from ..context import Context
from ..design.tokens import Size, Space
from ..models.listing import shown_name
from ..models.wording import engine_name
from ..widgets.boxes import NameBox
from ..widgets.buttons import button, icon_button
from ..widgets.labels import Text
from ..widgets.layout import clear, column, row
from .trying import TryThread

_DRAW_MS = 40
_MOST_LINES = 5000
_WIDEST = 320
_LETTERS = 14  # of a model's name, at least


class TryPane(QWidget):
    """`persona` gives the persona as it stands at that moment."""

    def __init__(self, context: Context, persona: Callable[[], Persona]) -> None:
        super().__init__()
        self._context = context
        self._persona = persona
        self._models: Sequence[InstalledModel] = ()
        self._messages: list[ChatMessage] = []
        self._thread: TryThread | None = None
        self._answer = ""
        self._model = NameBox(_LETTERS)
        self._model.setAccessibleName(self.tr("Model to try it with"))
        self._again = button(self.tr("Start over"), self.start_over, "quiet")
        self._model.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._model.setMaximumWidth(_WIDEST)
        head = row(Text(self.tr("Try it"), "heading", wrap=False), None, self._again, self._model)
        head.setStretch(3, 100)
        self._talk = QPlainTextEdit()
        self._talk.setObjectName("talk")
        self._talk.setReadOnly(True)
        self._talk.setMaximumBlockCount(_MOST_LINES)
        self._talk.setTabChangesFocus(True)
        self._talk.setMinimumHeight(Size.CONTROL)  # what is squeezed in a low window is this, not the question
        self._talk.setAccessibleName(self.tr("Trial conversation"))
        self._talk.setPlaceholderText(self.tr("Ask something: it answers with what stands above, saved or not."))
        self._question = QLineEdit()
        self._question.setMaxLength(20_000)
        self._question.setAccessibleName(self.tr("Question"))
        self._question.setPlaceholderText(self.tr("Who are you?"))
        self._question.returnPressed.connect(self.ask)
        self._send = icon_button(context.icons, "send", self.tr("Ask"), self._press, role="on_accent", kind="send")
        self._problem = column(spacing=0)
        body = column(
            head, self._talk, self._problem, row(self._question, self._send, spacing=Space.S), spacing=Space.S
        )
        body.setContentsMargins(Space.L, Space.S, Space.L, Space.L)
        body.setStretch(1, 1)
        self.setLayout(body)
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAW_MS)
        self._timer.timeout.connect(self._draw)

    @property
    def busy(self) -> bool:
        return self._thread is not None

    @property
    def transcript(self) -> str:
        return self._talk.toPlainText()

    def show_models(self, models: Sequence[InstalledModel], chosen: InstalledModel | None) -> None:
        self._models = models
        self._model.clear()
        for model in models:
            self._model.addItem(f"{shown_name(model)} · {engine_name(model.engine)}")
        self.choose(chosen)
        self._send.setEnabled(bool(models))

    def choose(self, model: InstalledModel | None) -> None:
        if model in self._models:
            self._model.setCurrentIndex(list(self._models).index(model))  # type: ignore[arg-type]

    def start_over(self) -> None:
        """Forgets the trial conversation."""
        self.stop()
        self._messages.clear()
        self._talk.clear()
        self._forget_problem()

    def ask(self) -> None:
        place = self._model.currentIndex()
        if self.busy or not 0 <= place < len(self._models):
            return
        question = self._question.text().strip() or self._question.placeholderText()
        self._forget_problem()
        self._question.clear()
        self._messages.append(ChatMessage("user", question))
        self._append(("\n\n" if self._talk.toPlainText() else "") + f"{self.tr('You')}: {question}\n\n")
        model = self._models[place]
        self._answer = ""
        self._thread = TryThread(
            self._context.services.engines, model.engine, model.name, self._persona(), tuple(self._messages), self
        )
        self._thread.ended.connect(self._ended, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._thread.deleteLater)
        self._thread.start()
        self._timer.start()
        self._show_busy()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.stop()

    def close_thread(self) -> None:
        """Ends the answer and waits for it."""
        if self._thread is not None:
            self._thread.stop()
            self._thread.wait(3000)

    def _press(self) -> None:
        if self.busy:
            self.stop()
        else:
            self.ask()

    def _draw(self) -> None:
        if self._thread is not None and (text := self._thread.take()):
            self._answer += text
            self._append(text)

    def _append(self, text: str) -> None:
        bar = self._talk.verticalScrollBar()
        follow = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self._talk.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        if follow:
            bar.setValue(bar.maximum())

    def _ended(self, stats: ChatStats | None, error: ModelyardError | None) -> None:
        self._draw()
        self._timer.stop()
        self._thread = None
        if self._answer:
            self._messages.append(ChatMessage("assistant", self._answer))
        elif self._messages:
            self._messages.pop()
        if stats is not None and stats.reason == "cancelled":
            self._append(f" [{self.tr('stopped')}]")
        if error is not None:
            panel = self._context.error_panel(error)
            panel.action.connect(lambda action: self._context.routes.mend_error(action, error))
            self._problem.addWidget(panel)
        self._show_busy()

    def _forget_problem(self) -> None:
        clear(self._problem)

    def _show_busy(self) -> None:
        name = self.tr("Stop") if self.busy else self.tr("Ask")
        self._send.setToolTip(name)
        self._send.setAccessibleName(name)
        self._context.icons.put(self._send, "stop" if self.busy else "send", "on_accent", Size.ICON)
