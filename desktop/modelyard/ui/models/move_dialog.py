"""A model goes from one engine into the other: what will happen, where the room is, then a job like any import."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QWidget

from ...errors import Action, Code, ModelyardError
from ...events import CancelToken
from ...importing.inspection import AS_IS, Refusal
from ...importing.plan import ImportChoice, ImportPlan
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..importing.looking import look_at
from ..routes import Place
from ..shell.page import StateStack
from ..widgets.buttons import button
from ..widgets.facts import Facts
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .library import Entry
from .starting import start_engine
from .wording import engine_in_words


@dataclass(frozen=True)
class _Outlook:
    title: str
    plan: ImportPlan


class MoveDialog(QDialog):
    def __init__(self, context: Context, entry: Entry, engine: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._entry = entry
        self._engine = engine
        self._outlook: _Outlook | None = None
        self._call: Call | None = None
        where = engine_in_words(engine)
        title = self.tr("Put {name} into {engine}").format(name=entry.name, engine=where)
        self.setWindowTitle(title)
        self.resize(560, 360)
        self._content = QWidget()
        self._body = column(spacing=Space.M)
        self._content.setLayout(self._body)
        self._states = StateStack(context, self._content)
        self._agree = button(self.tr("Start"), self._start, "primary")
        self._agree.setEnabled(False)
        buttons = row(None, button(self.tr("Cancel"), self.reject), self._agree)
        body = column(Text(title, "heading"), self._states, buttons, spacing=Space.L, margin=Space.XL)
        body.setStretch(1, 1)
        self.setLayout(body)
        self.finished.connect(lambda _result: self._stop())
        self._look()

    def _look(self) -> None:
        self._states.show_busy(self.tr("Looking at it …"))
        services, entry, engine = self._context.services, self._entry, self._engine

        def look(token: CancelToken) -> _Outlook:
            seen = look_at(services, f"{entry.model.engine}:{entry.model.name}", token)
            shown = entry.name if entry.name != entry.model.name else ""
            plan = services.plan(seen, ImportChoice(size=AS_IS, engine=engine, display_name=shown))
            if isinstance(plan, Refusal):
                raise plan.error()
            return _Outlook(seen.title, plan)

        self._call = in_background(self, look, self._show, self._fail)

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _show(self, outlook: _Outlook) -> None:
        self._call = None
        self._outlook = outlook
        plan, amount = outlook.plan, self._context.words.amount
        text = self.tr(
            "The model is copied, with its role and settings, and tested. Afterwards you can remove the old one."
        )
        self._body.addWidget(Text(text))
        rows = {self.tr("Its name there"): plan.choice.name, self.tr("Size on disk"): amount(plan.result_bytes)}
        for drive in plan.drives:
            rows[self.tr("Free in {folder}").format(folder=drive.folder)] = self.tr(
                "{now} now, {after} afterwards"
            ).format(now=amount(drive.free), after=amount(max(0, drive.free - drive.after)))
        self._body.addWidget(Facts(rows))
        self._body.addStretch(1)
        self._states.show_content()
        self._agree.setEnabled(True)
        self._agree.setFocus()

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self._states.show_error(error, lambda action: self._mend(action, error))

    def _mend(self, action: Action, error: ModelyardError) -> None:
        match action:
            case Action.RETRY:
                self._look()
            case Action.START_OLLAMA:
                self._states.show_busy(self.tr("Starting Ollama …"))
                start_engine(self, self._context, self._engine, lambda _status: self._look(), self._fail)
            case _:
                self.reject()
                self._context.routes.mend_error(action, error)

    def _start(self) -> None:
        assert self._outlook is not None
        title = self.tr("{name} to {engine}").format(name=self._entry.name, engine=engine_in_words(self._engine))
        try:
            self._context.jobs.start(title, self._outlook.plan)
        except OSError as problem:
            folder = str(self._context.services.folders.jobs)
            self._fail(ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder, detail=str(problem)))
            return
        self.accept()
        self._context.routes.go.emit(Place.IMPORTS)
