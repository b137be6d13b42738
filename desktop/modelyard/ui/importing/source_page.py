"""First page: what do you have? Three cards, a drop zone, and a field for a name, link or path."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit

from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import ChoiceCard, button
from ..widgets.cards import Card
from ..widgets.fold import Fold
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import column, row
from .draft import Draft
from .hub_search import HubSearch
from .more_sources import MoreSources
from .wizard_page import WizardPage


class SourcePage(WizardPage):
    has_back = False
    has_next = False

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        icons = context.icons
        self._file_card = ChoiceCard(
            icons,
            "file",
            self.tr("A ready-to-run file"),
            self.tr("One file that ends in .gguf. It is used as it is."),
            self._pick_file,
        )
        self._folder_card = ChoiceCard(
            icons,
            "folder",
            self.tr("A model folder"),
            self.tr("With safetensors or PyTorch files, as trained or downloaded."),
            self._pick_folder,
        )
        self._hub_card = ChoiceCard(
            icons,
            "hub",
            self.tr("A Hugging Face name or link"),
            self.tr("Modelyard fetches exactly what is needed."),
            self._to_field,
        )
        cards: QHBoxLayout = row(spacing=Space.L)
        for card in (self._file_card, self._folder_card, self._hub_card):
            cards.addWidget(card, 1)
        self._field = QLineEdit()
        self._field.setPlaceholderText(self.tr("Name, link or path, for example Qwen/Qwen2.5-0.5B-Instruct"))
        self._field.setAccessibleName(self.tr("Hugging Face name, link or path"))
        self._field.setClearButtonEnabled(True)
        self._field.setMaxLength(4096)
        self._search = HubSearch(context.services, self._field)
        self._search.chosen.connect(self._take)
        self._field.returnPressed.connect(self._take_field)
        self._check = button(self.tr("Check"), self._take_field, "primary")
        self._field.textChanged.connect(lambda text: self._check.setEnabled(bool(text.strip())))
        self._check.setEnabled(False)
        drop = Card(kind="dropHere")
        drop.setMinimumHeight(120)
        words = column(
            Text(self.tr("Or drop it anywhere on this window"), "strong", wrap=False),
            Text(self.tr("Nothing is changed or moved before you say so."), "muted", wrap=False),
            spacing=Space.XS,
        )
        drop.body.addStretch(1)
        drop.body.addLayout(
            row(None, IconLabel(icons, "drop", "accent", Size.ICON_LARGE), words, None, spacing=Space.L)
        )
        drop.body.addStretch(1)
        for each in (
            Text(self.tr("What do you have?"), "title"),
            Text(self.tr("Modelyard brings it home, so that you can talk to it on this computer."), "muted"),
        ):
            self.body.addWidget(each)
        self.body.addSpacing(Space.S)
        self.body.addLayout(cards)
        self.body.addLayout(row(self._field, self._check, spacing=Space.M))
        self.body.addWidget(drop)
        self.body.addWidget(Fold(icons, self.tr("More"), self._make_more))
        self.body.addStretch(1)

    def _make_more(self) -> MoreSources:
        more = MoreSources(self.context)
        more.adapter.connect(self._pick_folder)
        more.library.connect(self._take)
        return more

    def enter(self) -> None:
        self._field.setText(self.draft.text if "/" in self.draft.text else "")
        QTimer.singleShot(0, self._field, self._field.setFocus)

    def _pick_file(self) -> None:
        picked, _ = QFileDialog.getOpenFileName(
            self, self.tr("Choose a model file"), str(Path.home()), self.tr("Models (*.gguf *.zip);;All files (*)")
        )
        self._take(picked)

    def _pick_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.tr("Choose a model folder"), str(Path.home())))

    def _to_field(self) -> None:
        self._field.setFocus()
        self._field.selectAll()

    def _take_field(self) -> None:
        self._take(self._field.text().strip())

    def stop(self) -> None:
        self._search.stop()

    def _take(self, text: str) -> None:
        self._search.stop()
        if text:
            if text != self.draft.text:
                self.draft.inspection = None
                self.draft.base = ""
            self.draft.text = text
            self.forward.emit()
