"""Where it goes and what goes up."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QWidget

from ...hub.links import is_repository_id
from ..context import Context
from ..design.tokens import Space
from ..widgets.cards import Card
from ..widgets.facts import Facts
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .preview import Preview

_LONGEST = 96


class PublishForm(QWidget):
    """Signals: changed() when `repository` became usable or unusable."""

    changed = Signal()

    def __init__(self, context: Context, preview: Preview, name: str) -> None:
        """`name`: what the repository is called at first."""
        super().__init__()
        words, account = context.words, preview.account
        assert account is not None
        self._owner = QComboBox()
        self._owner.addItems(list(account.can_write))
        self._owner.setAccessibleName(self.tr("Account"))
        self._name = QLineEdit(name)
        self._name.setMaxLength(_LONGEST)
        self._name.setAccessibleName(self.tr("Repository name"))
        for signal in (self._owner.currentTextChanged, self._name.textChanged):
            signal.connect(lambda _text: self._check())
        self._hint = Text("", "bad")
        self._hint.hide()
        self._private = QCheckBox(self.tr("Private: only you see it"))
        self._private.setChecked(True)
        label = QLabel(self.tr("Repository"))
        label.setBuddy(self._name)
        place = row(self._owner, QLabel("/"), self._name, spacing=Space.S)
        place.setStretch(2, 1)
        key = self.tr("Your access key belongs to {account} and may write.").format(account=account.name)
        where = Card(
            Text(self.tr("Where it goes"), "strong"),
            Text(key, "muted"),
            column(label, place, self._hint, spacing=Space.XS),
            self._private,
            Text(
                self.tr("A repository of that name which is already yours is completed; its visibility stays."),
                "caption",
            ),
        )
        rows = {file: words.amount(size) for file, size in preview.files}
        what = Card(
            Text(self.tr("What is uploaded"), "strong"),
            Facts(rows | {self.tr("Together"): words.amount(preview.total)} if len(rows) > 1 else rows),
            Text(
                self.tr(
                    "With it go a Modelfile, the role, the settings and the chat template, so that it answers the same "
                    "everywhere, and a model card (README.md) with base model, licence and how to run it."
                ),
                "muted",
            ),
        )
        self.setLayout(column(where, what, spacing=Space.L))

    @property
    def repository(self) -> str:
        """Empty while it is no name the Hub takes."""
        text = f"{self._owner.currentText()}/{self._name.text().strip()}"
        return text if is_repository_id(text) else ""

    @property
    def private(self) -> bool:
        return self._private.isChecked()

    def _check(self) -> None:
        self._hint.setText(self.tr("Use letters, digits, dots, - and _, at most 96."))
        self._hint.setVisible(not self.repository)
        self.changed.emit()
