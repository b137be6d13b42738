"""Links in answers: shown before they are opened, and only web and mail addresses."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from ..widgets.ask import ask

_SCHEMES = ("http", "https", "mailto")
_SHOWN = 300


def offer_link(parent: QWidget, url: QUrl) -> None:
    """Asks whether to open `url` in the browser; other kinds of addresses are refused silently."""
    if url.scheme().lower() not in _SCHEMES or not url.isValid():
        return
    address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    shown = address if len(address) <= _SHOWN else address[:_SHOWN] + " …"
    question = QCoreApplication.translate("Links", "Open this address in the browser?")
    go = QCoreApplication.translate("Links", "Open")
    if ask(parent, question, shown, go, QCoreApplication.translate("Links", "Cancel")):
        QDesktopServices.openUrl(url)
