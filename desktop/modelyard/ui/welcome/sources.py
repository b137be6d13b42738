"""Where models are downloaded from: Hugging Face or its mirror, whichever is quicker from here."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

from ...events import CancelToken
from ...host.settings import DECLARED
from ...importing.access import SourceReport
from ..context import Context
from ..design.tokens import Space
from ..settings.source import say_report
from ..settings.trial import Trial
from ..widgets.labels import Text
from ..widgets.layout import column, row

_KEY = "download_source"


class SourceChoice(QWidget):
    """Nothing is asked over the network before the button is pressed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._box = QComboBox()
        words = context.words.entries("settings").get(_KEY, {})
        self._box.setAccessibleName(words.get("title", _KEY))
        for choice in next(each for each in DECLARED if each.key == _KEY).choices:
            if choice != "custom" or context.services.settings.text(_KEY) == choice:
                self._box.addItem(words.get(choice, choice), choice)
        self._box.setCurrentIndex(self._box.findData(context.services.settings.text(_KEY)))
        self._box.activated.connect(lambda index: self._keep(str(self._box.itemData(index))))
        access = context.services.tools.access

        def ask(_token: CancelToken) -> tuple[str, SourceReport]:
            return access.fastest_source()

        self._trial = Trial(context, self.tr("Find the quickest"), ask, self._take, before=QWidget())
        choice = row(Text(words.get("title", _KEY), wrap=False), None, self._box)
        self.setLayout(column(choice, self._trial, spacing=Space.S))

    def _take(self, found: tuple[str, SourceReport]) -> str:
        name, report = found
        self._box.setCurrentIndex(self._box.findData(name))
        self._keep(name)
        return say_report(self._context, report)

    def _keep(self, name: str) -> None:
        try:
            self._context.services.settings.set(_KEY, name)
        except OSError:
            pass  # asked again at the next start
