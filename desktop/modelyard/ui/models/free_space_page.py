"""Free up space: what may go, how much each is, what it means; nothing goes before it is chosen and asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QWidget

from ...errors import ModelyardError
from ...events import CancelToken
from ...host.machine import free_space
from ...importing.free_space import Find, Found, FreeSpace
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..shell.page import Page
from ..widgets.ask import ask
from ..widgets.buttons import button
from ..widgets.cards import Card, EmptyState
from ..widgets.labels import ElidedText, Text
from ..widgets.layout import ScrollPage, clear, column, row

_HARMLESS = (Found.LEFTOVER, Found.CACHE)  # chosen at first; all others only by the person
_MOST_PATHS = 3


@dataclass(frozen=True)
class _Seen:
    finds: tuple[Find, ...]
    free: int


class FreeSpacePage(Page):
    """Signals: left() to go back to the models."""

    left = Signal()

    def __init__(self, context: Context) -> None:
        self._call: Call | None = None
        self._boxes: list[tuple[QCheckBox, Find]] = []
        scroll = ScrollPage()
        self._body = scroll.body
        self._body.setSpacing(Space.M)
        self._sum = Text("", "body", wrap=False)
        self._remove = button("", self._ask, "danger")
        bar = QFrame()
        bar.setObjectName("bar")
        line = row(None, self._sum, self._remove, spacing=Space.L)
        line.setContentsMargins(Space.XL, Space.M, Space.XL, Space.M)
        bar.setLayout(line)
        content = QWidget()
        content.setLayout(column(scroll, bar, spacing=0))
        content.layout().setStretch(0, 1)
        back = button(self.tr("Back to the models"), lambda: self.left.emit())
        under = self.tr("Nothing goes before you choose it. Models and conversations are not touched.")
        super().__init__(context, self.tr("Free up space"), under, content, back, scroll=scroll)
        self._empty = EmptyState(
            context.icons,
            "check",
            self.tr("All tidy"),
            self.tr("There is nothing here that could go. Models take the room; remove one you no longer use."),
            button(self.tr("Back to the models"), lambda: self.left.emit()),
        )
        self.states.addWidget(self._empty)

    def refresh(self) -> None:
        self.states.show_busy(self.tr("Looking through the folders …"))
        if self._call is not None:
            self._call.cancel()
        self._call = in_background(self, self._look, self._show, self._fail)

    def _space(self) -> FreeSpace:
        services = self.context.services
        work = services.settings.text("work_folder")
        return FreeSpace(
            services.folders, Path(work) if work else services.folders.work, services.jobs, services.engines()
        )

    def _look(self, _token: CancelToken) -> _Seen:
        return _Seen(tuple(self._space().find()), free_space(self.context.services.folders.root))

    def _show(self, seen: _Seen) -> None:
        self._call = None
        clear(self._body)
        self._boxes.clear()
        if not seen.finds:
            self.states.setCurrentWidget(self._empty)
            return
        folder, words = self.context.services.folders.root, self.context.words
        self._body.addWidget(
            Text(
                self.tr("{free} are free on the drive of {folder}.").format(free=words.amount(seen.free), folder=folder)
            )
        )
        for find in seen.finds:
            self._body.addWidget(self._card(find))
        self._body.addStretch(1)
        self._count()
        self.states.show_content()

    def _card(self, find: Find) -> Card:
        entry = self.context.words.entries("space").get(find.kind.value, {})
        title = str(entry.get("title", find.kind.value))
        name = f"{title}: {find.title}" if find.title else title
        box = QCheckBox(title)
        box.setAccessibleName(name)
        box.setEnabled(find.removable)
        box.setChecked(find.removable and find.kind in _HARMLESS)
        box.toggled.connect(lambda _on: self._count())
        self._boxes.append((box, find))
        size = Text(self.context.words.amount(find.size_bytes), "strong", wrap=False)
        lines = column(row(box, None, size), spacing=Space.XS)
        if find.title:
            lines.addWidget(ElidedText(find.title, "strong"))
        lines.addWidget(Text(str(entry.get("text", "")), "muted"))
        if not find.removable:
            whose = self.tr("This folder belongs to another user of the computer: only Ollama itself can tidy it.")
            lines.addWidget(Text(whose, "muted"))
        for path in find.paths[:_MOST_PATHS]:
            lines.addWidget(ElidedText(str(path), "caption"))
        if len(find.paths) > _MOST_PATHS:
            more = self.tr("and {n} more").format(n=len(find.paths) - _MOST_PATHS)
            lines.addWidget(Text(more, "caption"))
        return Card(lines)

    def _chosen(self) -> list[Find]:
        return [find for box, find in self._boxes if box.isChecked()]

    def _count(self) -> None:
        chosen = self._chosen()
        total = self.context.words.amount(sum(find.size_bytes for find in chosen))
        self._sum.setText(self.tr("Chosen: {size}").format(size=total) if chosen else self.tr("Nothing chosen"))
        self._remove.setText(self.tr("Remove what is chosen"))
        self._remove.setEnabled(bool(chosen))

    def _ask(self) -> None:
        chosen = self._chosen()
        total = self.context.words.amount(sum(find.size_bytes for find in chosen))
        lines = [self._line(find) for find in chosen]
        text = "\n".join([*lines[:12], *(["…"] if len(lines) > 12 else [])])
        if any(find.costs for find in chosen):
            text += "\n\n" + self.tr("Some of it would have to be fetched or made again.")
        if ask(self, self.tr("Remove {size} for good?").format(size=total), text, self.tr("Remove"), self.tr("Keep")):
            self.states.show_busy(self.tr("Removing …"))
            space = self._space
            in_background(self, lambda _token: space().remove(chosen), self._removed, self._fail)

    def _line(self, find: Find) -> str:
        entry = self.context.words.entries("space").get(find.kind.value, {})
        name = f"{entry.get('title', '')} {find.title}".strip()
        return f"{self.context.words.amount(find.size_bytes)}  {name}"

    def _removed(self, freed: int) -> None:
        said = self.tr("{size} are free again.").format(size=self.context.words.amount(freed))
        self.context.routes.toast.emit(said)
        self.refresh()

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self.states.show_error(error, lambda _action: self.refresh())
