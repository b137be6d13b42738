"""After a model was moved it is in two engines: offers, once, to remove the old one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from ...importing.inspection import AS_IS
from ...importing.jobs import Job, JobState
from ...importing.sources import LibraryModel
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row
from .wording import engine_in_words


def moved(job: Job) -> LibraryModel | None:
    """The model that the finished job put into another engine as it was; None for any other job."""
    source, choice = job.plan.source, job.plan.choice
    if job.state is not JobState.DONE or not isinstance(source, LibraryModel):
        return None
    other = choice.engine in ("builtin", "ollama") and choice.engine != source.engine
    return source if other and choice.size == AS_IS else None


class MoveOffer(Card):
    """Signals: remove(engine id, model)."""

    remove = Signal(str, str)

    def __init__(self, context: Context, job: Job, source: LibraryModel) -> None:
        super().__init__()
        new, old = engine_in_words(job.plan.choice.engine), engine_in_words(source.engine)
        text = self.tr("{name} is now in {new} too. The one in {old} can go: {size} on the disk.").format(
            name=job.result.get("display_name") or source.name,
            new=new,
            old=old,
            size=context.words.amount(job.plan.sources_bytes),
        )
        away = button(self.tr("Remove it from {engine}").format(engine=old), lambda: self._remove(source))
        keep = button(self.tr("Keep both"), self._leave, "quiet")
        line = row(IconLabel(context.icons, "check", "good", Size.ICON), Text(text), away, keep, spacing=Space.M)
        line.setStretch(1, 1)
        self.body.setContentsMargins(Space.L, Space.S, Space.S, Space.S)
        self.body.addLayout(line)

    def _remove(self, source: LibraryModel) -> None:
        self.remove.emit(source.engine, source.name)
        self._leave()

    def _leave(self) -> None:
        self.hide()
        self.deleteLater()


class MoveOffers(QVBoxLayout):
    """Watches the jobs. Signals: remove(engine id, model) when the person agreed; moved() when one is there."""

    remove = Signal(str, str)
    moved = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._seen: set[str] = set()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(Space.S)
        context.jobs.changed.connect(self._changed)

    def _changed(self, job: Job) -> None:
        source = moved(job)
        if source is None or job.id in self._seen:
            return
        self._seen.add(job.id)
        offer = MoveOffer(self._context, job, source)
        offer.remove.connect(self.remove)
        self.addWidget(offer)
        self.moved.emit()
