"""Where the model goes: the engines that are ready, and what happens to the disk."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from ...engines.base import EngineState, EngineStatus
from ...importing.plan import NO_ENGINE, ImportPlan
from ..context import Context
from ..design.tokens import Space
from ..widgets.cards import Notice
from ..widgets.labels import Text
from ..widgets.layout import clear, column, row


class Destination(QWidget):
    """Signals: chosen(engine id)."""

    chosen = Signal(str)

    def __init__(self, context: Context, statuses: Sequence[EngineStatus], engine: str) -> None:
        super().__init__()
        self._words = context.words
        self._box = QComboBox()
        self._box.setMinimumWidth(300)
        names = {"builtin": self.tr("Built-in engine"), "ollama": self.tr("Ollama")}
        for status in statuses:
            if status.state in (EngineState.READY, EngineState.STOPPED):
                name = names.get(status.engine, status.engine)
                shown = self.tr("{engine} {version}").format(engine=name, version=status.version).strip()
                self._box.addItem(shown, status.engine)
        self._box.addItem(self.tr("Only save the file"), NO_ENGINE)
        self._box.setCurrentIndex(max(0, self._box.findData(engine)))
        self._box.setAccessibleName(self.tr("Where it goes"))
        self._box.currentIndexChanged.connect(lambda _index: self.chosen.emit(self.engine))
        label = QLabel(self.tr("Where it goes"))
        label.setBuddy(self._box)
        self._disk = Text("", "caption")
        self._notes = column(spacing=Space.S)
        self._icons = context.icons
        self.setLayout(column(row(label, self._box, None, spacing=Space.M), self._disk, self._notes, spacing=Space.S))

    @property
    def engine(self) -> str:
        return str(self._box.currentData())

    def show_disk(self, plan: ImportPlan | None) -> None:
        """Per drive: free now, free afterwards, the least in between when that matters; then what the engine says."""
        lines = []
        for drive in plan.drives if plan else ():
            amount = self._words.amount
            line = self.tr("{folder}: {free} free now, {after} free afterwards").format(
                folder=drive.folder, free=amount(drive.free), after=amount(max(0, drive.free - drive.after))
            )
            if drive.peak > drive.after:
                line += self.tr(" ({least} at the fullest moment)").format(
                    least=amount(max(0, drive.free - drive.peak))
                )
            lines.append(line)
        self._disk.setText("\n".join(lines))
        clear(self._notes)
        for note in plan.warnings if plan else ():
            self._notes.addWidget(Notice(self._icons, self._words.warning(note.code, note.fields)))
