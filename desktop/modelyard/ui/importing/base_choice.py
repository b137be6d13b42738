"""The base model of an add-on, where it is not the one the add-on names: a name, a folder, a file, an installed one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from ..context import Context
from ..design.tokens import Space
from ..models.installed_menu import offer_installed
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import column, row


class BaseChoice(QWidget):
    """Folded away where the base was found (`found`). Signals: chosen(text) with what importing understands."""

    chosen = Signal(str)

    def __init__(self, context: Context, found: bool) -> None:
        super().__init__()
        self._field = QLineEdit()
        self._field.setPlaceholderText(self.tr("Hugging Face name or path"))
        self._field.setAccessibleName(self.tr("Base model"))
        self._field.setMaxLength(4096)
        self._field.returnPressed.connect(self._take_field)
        use = button(self.tr("Use it"), self._take_field)
        use.setEnabled(False)
        self._field.textChanged.connect(lambda text: use.setEnabled(bool(text.strip())))
        installed = button(self.tr("Installed model …"))
        installed.clicked.connect(lambda: offer_installed(context, installed, self.chosen.emit))
        pick = row(
            button(self.tr("Model folder …"), self._pick_folder),
            button(self.tr("GGUF file …"), self._pick_file),
            installed,
            None,
            spacing=Space.S,
        )
        why = self.tr("An add-on only works with the model it was trained on. Choose that one, in whatever form it is.")
        card = Card(Text(why, "muted"), row(self._field, use, spacing=Space.M), pick, spacing=Space.M)
        if found:
            self.setLayout(column(Fold(context.icons, self.tr("Take the base model from elsewhere"), card)))
        else:
            self.setLayout(column(Text(self.tr("Where is the base model?"), "heading"), card, spacing=Space.S))

    def _take_field(self) -> None:
        self._take(self._field.text().strip())

    def _pick_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.tr("Choose the base model"), str(Path.home())))

    def _pick_file(self) -> None:
        kinds = self.tr("Models (*.gguf)")
        picked, _ = QFileDialog.getOpenFileName(self, self.tr("Choose the base model"), str(Path.home()), kinds)
        self._take(picked)

    def _take(self, text: str) -> None:
        if text:
            self.chosen.emit(text)
