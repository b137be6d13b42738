"""An importance matrix that the person has: with one, the smallest sizes are on offer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.fold import Fold
from ..widgets.labels import ElidedText, Text
from ..widgets.layout import column, row


class ImportanceChoice(QWidget):
    """Folded away until one is given. Signals: chosen(Path), and chosen(None) to go without."""

    chosen = Signal(object)

    def __init__(self, context: Context, given: Path | None) -> None:
        super().__init__()
        why = self.tr(
            "It says which weights matter most, and makes very small sizes (IQ1 to IQ3) possible. It must be of this "
            "model: an “imatrix” file made by llama.cpp, often found beside GGUF files."
        )
        buttons = row(button(self.tr("Choose the file …"), self._pick), spacing=Space.S)
        card = Card(Text(why, "muted"), spacing=Space.M)
        if given is not None:
            card.body.addWidget(ElidedText(str(given), "caption"))
            buttons.addWidget(button(self.tr("Go without"), lambda: self.chosen.emit(None)))
        buttons.addStretch(1)
        card.body.addLayout(buttons)
        fold = Fold(context.icons, self.tr("Importance matrix"), card)
        if given is not None:
            fold.toggle()
        self.setLayout(column(fold))

    def _pick(self) -> None:
        kinds = self.tr("Importance matrices (*.gguf *.dat *.imatrix)")
        title = self.tr("Choose the importance matrix")
        picked, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), f"{kinds};;(*)")
        if picked:
            self.chosen.emit(Path(picked))
