"""About: the version, what it is made of, and the way to the self-check."""

from __future__ import annotations

from ... import APP_NAME, __version__
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import column, row
from .licences import LicencesDialog


class AboutCard(Card):
    def __init__(self, context: Context) -> None:
        super().__init__(spacing=Space.L)
        name = Text(self.tr("{name} {version}").format(name=APP_NAME, version=__version__), "heading", selectable=True)
        words = Text(
            self.tr(
                "Brings any language model home and lets you talk to it. Free software under the Apache License 2.0."
            ),
            "muted",
        )
        head = row(IconLabel(context.icons, "modelyard", "accent", 48), column(name, words, spacing=Space.XS))
        head.setSpacing(Space.L)
        head.setStretch(1, 1)
        self.body.addLayout(head)
        licences = button(self.tr("Licences"), self._show_licences)
        qt = button(self.tr("About Qt"), self._about_qt, "quiet")
        self.body.addLayout(row(licences, qt, None, spacing=Space.S))

    def _show_licences(self) -> None:
        dialog = LicencesDialog(self)
        dialog.exec()
        dialog.deleteLater()

    def _about_qt(self) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.aboutQt()
