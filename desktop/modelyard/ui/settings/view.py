"""Settings: a card for each group, a row for each declared setting; then where things are kept, and about."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from ... import APP_NAME, __version__
from ...errors import Code, ModelyardError
from ...host.settings import DECLARED, Setting, Value
from ..context import Context
from ..design.tokens import Space
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage, column, line, row
from .fields import field_for


class SettingsView(Page):
    def __init__(self, context: Context) -> None:
        scroll = ScrollPage()
        under = self.tr("Changes take effect at once.")
        super().__init__(context, self.tr("Settings"), under, scroll)
        groups: dict[str, list[Setting]] = {}
        for setting in DECLARED:
            if setting.group != "hidden":
                groups.setdefault(setting.group, []).append(setting)
        for group, members in groups.items():
            scroll.body.addWidget(Text(context.words.label("setting_groups", group), "heading"))
            card = Card(spacing=Space.M)
            for number, setting in enumerate(members):
                if number:
                    card.body.addWidget(line())
                card.body.addWidget(self._row(setting))
            if group == "privacy":
                card.body.addWidget(line())
                card.body.addWidget(self._promise())
            scroll.body.addWidget(card)
        scroll.body.addWidget(Text(self.tr("About"), "heading"))
        scroll.body.addWidget(self._about())
        scroll.body.addStretch(1)

    def _row(self, setting: Setting) -> QWidget:
        entry = self.context.words.entries("settings").get(setting.key, {})
        title = entry.get("title", setting.key)
        field = field_for(setting, self.context.services.settings, self.context.words, self._store)
        field.setAccessibleName(title)
        field.setAccessibleDescription(entry.get("text", ""))
        label = Text(title, "body")
        texts = column(label, spacing=2)
        if entry.get("text"):
            texts.addWidget(Text(entry["text"], "caption"))
        holder = QWidget()
        layout = row(texts, field, spacing=Space.L)
        layout.setStretch(0, 1)
        layout.setAlignment(field, Qt.AlignmentFlag.AlignVCenter)
        holder.setLayout(layout)
        return holder

    def _promise(self) -> QWidget:
        holder = QWidget()
        folder = str(self.context.services.folders.root)
        show = button(self.tr("Open the folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
        texts = column(
            Text(self.tr("No account, no telemetry. Nothing goes over the network that you did not start."), "body"),
            Text(
                self.tr("Models, conversations and settings are kept in {folder}").format(folder=folder),
                "caption",
                selectable=True,
            ),
            spacing=2,
        )
        layout = row(texts, show, spacing=Space.L)
        layout.setStretch(0, 1)
        holder.setLayout(layout)
        return holder

    def _about(self) -> Card:
        name = Text(self.tr("{name} {version}").format(name=APP_NAME, version=__version__), "strong", selectable=True)
        words = Text(
            self.tr(
                "Brings any language model home and lets you talk to it. Free software under the Apache License 2.0."
            ),
            "muted",
        )
        qt = button(self.tr("About Qt"), self._about_qt, "quiet")
        return Card(row(column(name, words, spacing=Space.XS), qt, spacing=Space.L))

    def _about_qt(self) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.aboutQt()

    def _store(self, key: str, value: Value) -> None:
        try:
            self.context.services.settings.set(key, value)
        except OSError:
            folder = str(self.context.services.folders.root)
            self.states.show_error(
                ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder), lambda _action: self.states.show_content()
            )
        except ValueError:
            pass  # an unfinished entry; the old value stays
