"""What is missing in a file's metadata, and the offer to mend it in a copy."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from ...importing.inspection import Inspection
from ..context import Context
from ..design.tokens import Space
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column


class RepairChoice(QWidget):
    """Signals: changed() when the person decides otherwise."""

    changed = Signal()

    def __init__(self, context: Context, inspection: Inspection, wanted: bool) -> None:
        super().__init__()
        self._box = QCheckBox(self.tr("Repair it in a copy"))
        self._box.setChecked(wanted)
        self._box.toggled.connect(lambda _on: self.changed.emit())
        found = [Text(context.words.warning(note.code, note.fields), "muted") for note in inspection.repairs]
        safe = Text(self.tr("Your own file is never changed."), "caption")
        self.setLayout(column(Card(self._box, *found, safe, spacing=Space.S)))

    @property
    def wanted(self) -> bool:
        return self._box.isChecked()
