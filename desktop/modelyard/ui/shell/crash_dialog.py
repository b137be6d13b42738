"""What was found of a crash, to read before it is copied: nothing is sent anywhere."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.labels import Text
from ..widgets.layout import column, row


class CrashDialog(QDialog):
    """`report`: without secrets already."""

    def __init__(self, parent: QWidget, report: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report of the crash"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 480)
        self._report = report
        shown = QPlainTextEdit(report)
        shown.setObjectName("details")
        shown.setReadOnly(True)
        shown.setTabChangesFocus(True)
        shown.setAccessibleName(self.tr("Report"))
        about = self.tr(
            "Modelyard sends nothing by itself. If you ask somebody for help, copy this and give it to them; keys, "
            "passwords and the name of your home folder were taken out."
        )
        self._copy = button(self.tr("Copy for help"), self._copy_report, "primary")
        close = button(self.tr("Close"), self.accept)
        self.setLayout(
            column(
                Text(self.tr("Modelyard ended unexpectedly the last time"), "title"),
                Text(about, "muted"),
                shown,
                row(None, self._copy, close, spacing=Space.M),
                spacing=Space.M,
                margin=Space.XL,
            )
        )
        self._copy.setFocus()

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self._copy.setText(self.tr("Copied"))
