"""Done: tested, the first words it said, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel

from ...engines.base import ModelDetails
from ...errors import ModelyardError
from ...importing.plan import NO_ENGINE
from ..background import in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..routes import Place
from ..widgets.buttons import button
from ..widgets.cards import Card, Notice
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import clear, column, row
from .draft import Draft
from .original import Original, OriginalOffer
from .wizard_page import WizardPage

_GOOD = ("good", "slow", "embedding")


class DonePage(WizardPage):
    """Signals: again() to import another one."""

    has_next = False
    has_back = False
    again = Signal()

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)

    def enter(self) -> None:
        clear(self.body)
        job = self.context.jobs.get(self.draft.job_id)
        if job is None:
            return
        result = job.result
        words = self.context.words
        verdict = str(result.get("verdict", ""))
        name = str(result.get("display_name") or result.get("name") or job.title)
        good = verdict in _GOOD or result.get("engine") == NO_ENGINE
        mark = IconLabel(self.context.icons, "check" if good else "warning", "good" if good else "warn", Size.ICON_HUGE)
        title = Text(self.tr("{name} is home").format(name=name), "display")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.body.addSpacing(Space.XL)
        self.body.addLayout(row(None, mark, None))
        self.body.addWidget(title)
        if verdict:
            line = Text(words.label("verdicts", verdict), "muted")
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.body.addWidget(line)
        if result.get("path"):
            self.body.addWidget(Card(Text(str(result["path"]), selectable=True)))
        if result.get("answer"):
            self.body.addWidget(self._first_words(str(result["answer"])))
        if verdict == "base":
            self.body.addWidget(Notice(self.context.icons, words.warning("base_model", {})))
        if result.get("original") and result.get("original_bytes"):
            original = Original(Path(str(result["original"])), int(result["original_bytes"]))
            self.body.addWidget(OriginalOffer(self.context, original))
        self._go_on_with(str(result.get("engine", "")), str(result.get("name", "")), verdict)
        self.body.addStretch(1)

    def _first_words(self, answer: str) -> Card:
        said = QLabel(self.tr("The first words it said"))
        said.setProperty("role", "caption")
        shown = answer if len(answer) < 400 else answer[:400].rsplit(" ", 1)[0] + " …"
        return Card(column(said, Text(shown, selectable=True), spacing=Space.XS))

    def _go_on_with(self, engine: str, model: str, verdict: str) -> None:
        routes = self.context.routes
        talks = engine != NO_ENGINE and verdict != "embedding"
        first, second = row(None, spacing=Space.M), row(None, spacing=Space.M)
        if talks:
            chat = button(self.tr("Chat now"), lambda: routes.chat_with.emit(engine, model), "primary")
            first.addWidget(chat)
            first.addWidget(button(self.tr("Make a persona"), lambda: self._show(engine, model, self._make_persona)))
            QTimer.singleShot(0, chat, chat.setFocus)
        if engine != NO_ENGINE:
            first.addWidget(button(self.tr("Publish"), lambda: self._show(engine, model, self._publish)))
            second.addWidget(button(self.tr("Show in Models"), lambda: routes.go.emit(Place.MODELS), "quiet"))
        second.addWidget(button(self.tr("Import another"), self.again.emit, "quiet"))
        for each in (first, second):
            each.addStretch(1)
            self.body.addLayout(each)

    def _show(self, engine: str, model: str, then: Callable[[ModelDetails], None]) -> None:
        """Asks the engine about the model, for a page that goes on with it."""
        engines = self.context.services.engines
        in_background(self, lambda _token: engines()[engine].show(model), then, self._failed)

    def _make_persona(self, details: ModelDetails) -> None:
        model = details.model
        persona = replace(details.persona, name=details.persona.name or model.display_name, base=model.name)
        self.context.routes.persona_wanted.emit(persona)
        self.context.routes.go.emit(Place.PERSONAS)

    def _publish(self, details: ModelDetails) -> None:
        self.context.routes.publish.emit(details.model)

    def _failed(self, error: ModelyardError) -> None:
        panel = self.context.error_panel(error)
        panel.action.connect(lambda action: self.context.routes.mend_error(action, error))
        self.body.insertWidget(self.body.count() - 1, panel)
