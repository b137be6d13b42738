"""One question with two answers; the careful one is the default and what Escape means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask(parent: QWidget, question: str, text: str, yes: str, no: str) -> bool:
    """True if the person presses `yes`. All texts are plain: names from outside may stand in them."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(text)
    agree = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    careful = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(careful)
    box.setEscapeButton(careful)
    box.exec()
    agreed = box.clickedButton() is agree
    box.deleteLater()
    return agreed
