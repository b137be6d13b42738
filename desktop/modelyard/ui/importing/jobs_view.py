"""Imports: every job as a card, newest first. They survive a restart."""

from __future__ import annotations

from ...events import Event
from ...importing.jobs import Job
from ..context import Context
from ..design.tokens import Space
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import EmptyState
from ..widgets.layout import ScrollPage
from .job_card import JobCard


class ImportsView(Page):
    def __init__(self, context: Context) -> None:
        routes = context.routes
        scroll = ScrollPage()
        self._body = scroll.body
        self._body.setSpacing(Space.M)
        self._cards: dict[str, JobCard] = {}
        self._body.addStretch(1)
        new = button(self.tr("Import a model"), lambda: routes.import_text.emit(""), "primary")
        super().__init__(context, self.tr("Imports"), self.tr("What came home, and what is on its way."), scroll, new)
        self._empty = EmptyState(
            context.icons,
            "imports",
            self.tr("Nothing imported yet"),
            self.tr(
                "Drop a model file anywhere on this window, or choose one. "
                "Every import appears here; if it is interrupted, it can go on."
            ),
            button(self.tr("Import a model"), lambda: routes.import_text.emit(""), "primary"),
        )
        self.states.addWidget(self._empty)
        self._new = new
        for job in reversed(context.jobs.all()):
            self._add(job)
        context.jobs.added.connect(self._add)
        context.jobs.changed.connect(self._change)
        context.jobs.removed.connect(self._remove)
        context.jobs.event.connect(self._follow)
        self._settle()

    def refresh(self) -> None:
        self.context.jobs.look_again()

    def _add(self, job: Job) -> None:
        if job.id not in self._cards:
            self._cards[job.id] = JobCard(self.context, job)
            self._body.insertWidget(0, self._cards[job.id])
        self._settle()

    def _change(self, job: Job) -> None:
        if job.id in self._cards:
            self._cards[job.id].show_job(job)

    def _remove(self, job_id: str) -> None:
        card = self._cards.pop(job_id, None)
        if card is not None:
            card.hide()
            card.deleteLater()
        self._settle()

    def _follow(self, job_id: str, event: Event) -> None:
        if job_id in self._cards:
            self._cards[job_id].follow(event)

    def _settle(self) -> None:
        self._new.setVisible(bool(self._cards))
        if self._cards:
            self.states.show_content()
        else:
            self.states.setCurrentWidget(self._empty)
