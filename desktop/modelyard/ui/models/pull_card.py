"""Fetches a model by name from the Ollama library, through the running server."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QWidget

from ...engines.base import InstalledModel
from ...errors import Action, Code, ModelyardError
from ...events import CancelToken, Event, Kind, Step
from ...importing.plan import PlannedStep
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..importing.steps import StepRow
from ..widgets.buttons import button, icon_button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .abilities import Pulls

LIBRARY = "https://ollama.com/library"
_INTERVAL = 0.1  # seconds between signals of progress


class PullCard(Card):
    """Hidden until asked for; one fetch at a time.

    Signals: pulled(InstalledModel).
    """

    pulled = Signal(object)
    _moved = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__(spacing=Space.M)
        self._context = context
        self._engine = "ollama"
        self._call: Call | None = None
        self._problem: QWidget | None = None
        close = icon_button(context.icons, "close", self.tr("Close"), self._close)
        head = row(Text(self.tr("From the Ollama library"), "heading"), close)
        head.setStretch(0, 1)
        self._field = QLineEdit()
        self._field.setPlaceholderText(self.tr("For example qwen3:8b or gemma3"))
        self._field.setAccessibleName(self.tr("Name in the Ollama library"))
        self._field.setMaxLength(300)
        self._field.returnPressed.connect(self._pull)
        self._field.textChanged.connect(lambda text: self._get.setEnabled(bool(text.strip())))
        self._get = button(self.tr("Get"), self._pull, "primary")
        self._get.setEnabled(False)
        browse = button(self.tr("Look around there"), lambda: QDesktopServices.openUrl(QUrl(LIBRARY)), "quiet")
        self._ask = QWidget()
        line = row(self._field, self._get, browse, spacing=Space.M)
        line.setStretch(0, 1)
        self._ask.setLayout(line)
        self._title = Text("", "strong")
        self._bar = StepRow(context.icons, context.words, PlannedStep(Step.DOWNLOADING))
        self._work = QWidget()
        working = row(self._bar, button(self.tr("Cancel"), self._cancel), spacing=Space.L)
        working.setStretch(0, 1)
        self._work.setLayout(column(self._title, working, spacing=Space.S))
        self._work.hide()
        self._said = Text("", "caption")
        self._said.hide()
        self._inside = column(head, self._ask, self._work, self._said, spacing=Space.M)
        self.body.addLayout(self._inside)
        self._moved.connect(self._move)
        QShortcut(
            QKeySequence(Qt.Key.Key_Escape), self, self._close, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        self.hide()

    @property
    def busy(self) -> bool:
        return self._call is not None

    def open(self) -> None:
        self.show()
        self._field.setFocus()

    def stop(self) -> None:
        """Lets go of a fetch; what came so far stays with Ollama."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _close(self) -> None:
        if not self.busy:
            self._forget_problem()
            self.hide()

    def _pull(self) -> None:
        name = self._field.text().strip()
        for command in ("ollama run ", "ollama pull "):
            name = name.removeprefix(command).strip()
        if not name or self.busy:
            return
        self._forget_problem()
        self._said.hide()
        self._title.setText(name)
        self._bar.begin()
        self._ask.hide()
        self._work.show()
        engines, engine_id = self._context.services.engines, self._engine
        spoken = [0.0]

        def listen(event: Event) -> None:
            if event.kind is Kind.PROGRESS and time.monotonic() - spoken[0] >= _INTERVAL:
                spoken[0] = time.monotonic()
                self._moved.emit(event)

        def pull(token: CancelToken) -> InstalledModel:
            engine = engines()[engine_id]
            if not isinstance(engine, Pulls):
                raise ModelyardError(Code.OLLAMA_MISSING)
            return engine.pull(name, listen, token)

        self._call = in_background(self, pull, self._done, self._failed)

    def _move(self, event: Event) -> None:
        if self.busy:
            self._bar.move(int(event.fields["done"]), int(event.fields["total"]), "bytes")

    def _cancel(self) -> None:
        self.stop()
        self._rest()
        self._said.setText(self.tr("Stopped. What came so far is kept; getting the same name goes on there."))
        self._said.show()

    def _done(self, model: InstalledModel) -> None:
        self._call = None
        self._rest()
        self._field.clear()
        self.hide()
        self.pulled.emit(model)

    def _failed(self, error: ModelyardError) -> None:
        self._call = None
        self._rest()
        panel = self._context.error_panel(error)
        panel.action.connect(lambda action: self._mend(action, error))
        self._problem = panel
        self._inside.addWidget(panel)

    def _mend(self, action: Action, error: ModelyardError) -> None:
        match action:
            case Action.RETRY:
                self._pull()
            case Action.CHOOSE_NAME | Action.CHOOSE_OTHER:
                self._forget_problem()
                self._field.setFocus()
                self._field.selectAll()
            case _:
                self._context.routes.mend_error(action, error)

    def _rest(self) -> None:
        self._work.hide()
        self._ask.show()
        self._field.setFocus()

    def _forget_problem(self) -> None:
        if self._problem is not None:
            self._problem.hide()
            self._problem.deleteLater()
            self._problem = None
