"""Links in answers: shown before they are opened, and only web and mail addresses."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

_SCHEMES = ("http", "https", "mailto")
_SHOWN = 300


def offer_link(parent: QWidget, url: QUrl) -> None:
    """Asks whether to open `url` in the browser; other kinds of addresses are refused silently."""
    if url.scheme().lower() not in _SCHEMES or not url.isValid():
        return
    address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(QCoreApplication.translate("Links", "Open this address in the browser?"))
    box.setInformativeText(address if len(address) <= _SHOWN else address[:_SHOWN] + " …")
    go = box.addButton(QCoreApplication.translate("Links", "Open"), QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(QCoreApplication.translate("Links", "Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is go:
        QDesktopServices.openUrl(url)
