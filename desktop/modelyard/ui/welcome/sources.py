"""Where models are downloaded from: Hugging Face or its mirror, whichever is quicker from here, or another address."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from ...events import CancelToken
from ...host.settings import DECLARED
from ...importing.access import SourceReport
from ..context import Context
from ..design.tokens import Space
from ..settings.source import SourceCard, say_report
from ..settings.trial import Trial
from ..widgets.labels import Text
from ..widgets.layout import column, row

_KEY, _ADDRESS = "download_source", "download_address"


class SourceChoice(QWidget):
    """Nothing is asked over the network before the button is pressed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._box = QComboBox()
        words = context.words.entries("settings").get(_KEY, {})
        self._box.setAccessibleName(words.get("title", _KEY))
        for choice in next(each for each in DECLARED if each.key == _KEY).choices:
            self._box.addItem(words.get(choice, choice), choice)
        settings = context.services.settings
        self._box.setCurrentIndex(self._box.findData(settings.text(_KEY)))
        self._box.activated.connect(lambda index: self._keep(_KEY, str(self._box.itemData(index))))
        self._address = QLineEdit(settings.text(_ADDRESS))
        self._address.setPlaceholderText("https://hub.example.org")
        self._address.setAccessibleName(context.words.entries("settings").get(_ADDRESS, {}).get("title", _ADDRESS))
        self._address.setMaxLength(2000)
        self._address.editingFinished.connect(lambda: self._keep(_ADDRESS, self._address.text().strip()))
        access = context.services.tools.access

        def ask(_token: CancelToken) -> tuple[str, SourceReport]:
            return access.fastest_source()

        self._trial = Trial(context, self.tr("Find the quickest"), ask, self._take, before=QWidget())
        self._test = SourceCard(context)
        choice = row(Text(words.get("title", _KEY), wrap=False), None, self._box)
        self.setLayout(column(choice, self._address, self._trial, self._test, spacing=Space.S))
        self._fit()

    @property
    def box_width(self) -> int:
        """Of the box, for those that stand above it."""
        return self._box.sizeHint().width()

    def _take(self, found: tuple[str, SourceReport]) -> str:
        name, report = found
        self._box.setCurrentIndex(self._box.findData(name))
        self._keep(_KEY, name)
        return say_report(self._context, report)

    def _keep(self, key: str, value: str) -> None:
        try:
            self._context.services.settings.set(key, value)
        except OSError:
            pass  # asked again at the next start
        self._fit()

    def _fit(self) -> None:
        """An address of one's own is typed and tested; between the others the quickest is found."""
        own = self._box.currentData() == "custom"
        self._address.setVisible(own)
        self._test.setVisible(own)
        self._trial.setVisible(not own)
