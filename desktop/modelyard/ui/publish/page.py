"""Publish: a model goes to Hugging Face in a worker process. What is there already is left out: it can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QWidget

from ...engines.base import InstalledModel
from ...errors import Action, ModelyardError
from ...events import CancelToken, Event, Step
from ...importing.naming import technical_name
from ...importing.plan import PlannedStep
from ...importing.wire import to_json
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..importing.steps import StepList
from ..models.listing import shown_name
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import ScrollPage, clear, column, row
from ..working import run_worker
from .form import PublishForm
from .preview import Preview, look

_STEPS = (PlannedStep(Step.LOOKING), PlannedStep(Step.PUBLISHING))
_SENDS_AGAIN = (Action.RETRY, Action.GO_ON)  # what the button of an error then does


class PublishPage(Page):
    """One upload at a time: while one runs, the page shows that one.

    Signals: left() to go back to the models.
    """

    left = Signal()
    _moved = Signal(object)

    def __init__(self, context: Context) -> None:
        self._model: InstalledModel | None = None
        self._form: PublishForm | None = None
        self._preview: Preview | None = None
        self._steps: StepList | None = None
        self._call: Call | None = None
        self._sending = False
        scroll = ScrollPage()
        self._body = scroll.body
        self._go = button(self.tr("Publish"), self._publish, "primary")
        bar = QFrame()
        bar.setObjectName("bar")
        line = row(None, self._go)
        line.setContentsMargins(Space.XL, Space.M, Space.XL, Space.M)
        bar.setLayout(line)
        self._bar = bar
        content = QWidget()
        content.setLayout(column(scroll, bar, spacing=0))
        content.layout().setStretch(0, 1)
        under = self.tr("Share a model on Hugging Face, so that others can run it with one command.")
        back = button(self.tr("Back to the models"), lambda: self.left.emit())
        super().__init__(context, self.tr("Publish"), under, content, back, scroll=scroll)
        self._moved.connect(self._follow)

    @property
    def sending(self) -> bool:
        return self._sending

    def begin(self, model: InstalledModel) -> None:
        """Before the page is shown. A running upload stays."""
        if not self._sending:
            self._stop()
            self._model = model
            self._preview = None

    def refresh(self) -> None:
        """Looks (again) at the key, which may have been put in meanwhile."""
        known = self._preview is not None and self._preview.problem is None
        if self._sending or known or self._model is None or self._call is not None:
            return
        self.states.show_busy(self.tr("Looking at the model and your access key …"))
        services, model = self.context.services, self._model
        self._call = in_background(
            self, lambda token: look(services, model, token), self._show_form, lambda error: self._fail(error)
        )

    # --- before ------------------------------------------------------------------------------------------------------

    def _show_form(self, preview: Preview) -> None:
        assert self._model is not None
        self._call = None
        self._preview = preview
        clear(self._body)
        self._body.addWidget(Text(shown_name(self._model), "heading"))
        if preview.problem is not None:
            self._show_problem(preview.problem)
            self._bar.hide()
        else:
            name = technical_name(shown_name(self._model).replace(":", "-")) + "-GGUF"
            self._form = PublishForm(self.context, preview, name)
            self._form.changed.connect(self._check)
            self._body.addWidget(self._form)
            self._bar.show()
            self._check()
        self._body.addStretch(1)
        self.states.show_content()

    def _check(self) -> None:
        self._go.setEnabled(self._form is not None and bool(self._form.repository))

    def _show_problem(self, problem: ModelyardError) -> None:
        panel = self.context.error_panel(problem)
        panel.action.connect(lambda action: self._mend(action, problem))
        self._body.addWidget(panel)
        again = button(self.tr("Look again"), self._again, "quiet")
        self._body.addLayout(row(again, None))

    def _again(self) -> None:
        self._preview = None
        self.refresh()

    def _mend(self, action: Action, error: ModelyardError) -> None:
        if action is Action.RETRY:
            self._again()
        else:
            self.context.routes.mend_error(action, error)

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self.states.show_error(error, lambda action: self._mend(action, error))

    # --- sending -----------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        if self._form is None or self._model is None or not self._form.repository:
            return
        request = {
            "type": "PublishRequest",
            "engine": self._model.engine,
            "name": self._model.name,
            "repository": self._form.repository,
            "private": self._form.private,
        }
        self._send(request)

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self._model is not None
        self._sending = True
        self._form = None
        clear(self._body)
        self._bar.hide()
        self._steps = StepList(self.context, _STEPS)
        text = self.tr("{name} goes to {repository}").format(
            name=shown_name(self._model), repository=request["repository"]
        )
        self._body.addWidget(Card(Text(text, "strong"), self._steps, spacing=Space.L))
        note = self.tr("You may leave this page; it goes on. If it is stopped, the next time it goes on where it was.")
        self._body.addLayout(row(Text(note, "muted"), button(self.tr("Cancel"), lambda: self._cancel(request))))
        self._body.addStretch(1)
        self.states.show_content()
        services, record = self.context.services, {"job": "publish", "request": to_json(request)}

        def work(token: CancelToken) -> Mapping[str, Any]:
            return run_worker(services, record, token, self._moved.emit)

        self._call = in_background(self, work, self._done, lambda error: self._failed(error, request))

    def _follow(self, event: Event) -> None:
        if self._sending and self._steps is not None:
            self._steps.apply(event)

    def _cancel(self, request: Mapping[str, Any]) -> None:
        self._stop()
        clear(self._body)
        self._body.addWidget(Text(self.tr("Stopped"), "heading"))
        self._body.addWidget(Text(self.tr("What was uploaded stays there and is not sent again."), "muted"))
        self._body.addLayout(row(button(self.tr("Go on"), lambda: self._send(request), "primary"), None))
        self._body.addStretch(1)

    def _failed(self, error: ModelyardError, request: Mapping[str, Any]) -> None:
        self._call, self._sending = None, False
        clear(self._body)
        panel = self.context.error_panel(error)
        panel.action.connect(lambda action: self._mend_sending(action, error, request))
        self._body.addWidget(panel)
        self._body.addWidget(Text(self.tr("What was uploaded stays there and is not sent again."), "muted"))
        buttons = row(button(self.tr("Change where it goes"), self._again), None)
        if error.code.action not in _SENDS_AGAIN:
            buttons.insertWidget(0, button(self.tr("Go on"), lambda: self._send(request)))
        self._body.addLayout(buttons)
        self._body.addStretch(1)

    def _mend_sending(self, action: Action, error: ModelyardError, request: Mapping[str, Any]) -> None:
        match action:
            case _ if action in _SENDS_AGAIN:
                self._send(request)
            case Action.CHOOSE_NAME | Action.CHOOSE_OTHER:
                self._again()
            case _:
                self.context.routes.mend_error(action, error)

    def _done(self, result: Mapping[str, Any]) -> None:
        self._call, self._sending = None, False
        self._preview = None
        clear(self._body)
        url = str(result.get("url", ""))
        command = "ollama run hf.co/" + "/".join(url.split("/")[-2:])
        mark = IconLabel(self.context.icons, "check", "good", Size.ICON_HUGE)
        title = row(mark, Text(self.tr("Published"), "title"), spacing=Space.L)
        title.setStretch(1, 1)
        self._body.addLayout(title)
        self._body.addWidget(Text(url, selectable=True))
        buttons = row(spacing=Space.M)
        buttons.addWidget(button(self.tr("Open the page"), lambda: self._open(url), "primary"))
        buttons.addWidget(button(self.tr("Copy the link"), lambda: self._copy(url)))
        buttons.addStretch(1)
        self._body.addLayout(buttons)
        line = row(Text(command, "strong", selectable=True), button(self.tr("Copy"), lambda: self._copy(command)))
        line.setStretch(0, 1)
        run = Card(Text(self.tr("Others run it with Ollama like this:"), "muted"), line)
        self._body.addWidget(run)
        self._body.addStretch(1)
        self._model = None
        self.context.routes.toast.emit(self.tr("The model is published."))

    def _open(self, url: str) -> None:
        if url.startswith("https://"):
            QDesktopServices.openUrl(QUrl(url))

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.context.routes.toast.emit(self.tr("Copied."))

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._call, self._sending = None, False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close:
            self._stop()
        return super().event(event)
