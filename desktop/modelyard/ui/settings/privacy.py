"""What is kept, and where: nothing leaves this computer by itself."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.facts import Facts
from ..widgets.labels import Text
from ..widgets.layout import line, row


class PrivacyCard(Card):
    def __init__(self, context: Context) -> None:
        super().__init__(spacing=Space.M)
        folders = context.services.folders
        promise = self.tr("No account, no telemetry. Nothing goes over the network that you did not start.")
        self.body.addWidget(Text(promise))
        self.body.addWidget(line())
        kept = {
            self.tr("Models"): context.services.settings.text("models_folder") or str(folders.models),
            self.tr("Conversations"): str(folders.chats_file),
            self.tr("Personas"): str(folders.personas),
            self.tr("Settings"): str(folders.settings_file),
            self.tr("Logs"): self.tr("{folder} (secrets are taken out)").format(folder=folders.logs),
            self.tr("Access key"): self.tr("in the system's keyring, never in a file"),
        }
        self.body.addWidget(Facts(kept))
        root = str(folders.root)
        show = button(self.tr("Open the folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(root)))
        self.body.addLayout(row(show, None))
