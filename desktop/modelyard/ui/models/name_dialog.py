"""Asks for a model's name; stays open with the reason if the engine does not take it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from ...engines.base import InstalledModel
from ...errors import ModelyardError
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.labels import Text, set_property
from ..widgets.layout import column, row
from .renaming import Naming

_LONGEST = 200


class NameDialog(QDialog):
    """`save` is called off the window's thread with what was typed. `one_name`: only the technical name is asked for.

    Signals: saved(InstalledModel).
    """

    saved = Signal(object)

    def __init__(
        self,
        context: Context,
        title: str,
        agree: str,
        naming: Naming,
        save: Callable[[Naming], InstalledModel],
        parent: QWidget,
        *,
        one_name: bool,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._save = save
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        self._shown = _field(naming.shown)
        self._technical = _field(naming.technical)
        body = column(Text(title, "heading"), spacing=Space.M, margin=Space.XL)
        if not one_name:
            body.addLayout(_labelled(self.tr("Name"), self._shown))
        body.addLayout(_labelled(self.tr("Technical name") if not one_name else self.tr("Name"), self._technical))
        body.addWidget(
            Text(self.tr("Letters, digits, dots, - and _; a colon before a tag, as in qwen3:8b."), "caption")
        )
        self._problem = Text("", "bad")
        self._problem.hide()
        self._agree = button(agree, self._try, "primary")
        self._agree.setDefault(True)
        body.addWidget(self._problem)
        body.addLayout(row(None, button(self.tr("Cancel"), self.reject), self._agree))
        self.setLayout(body)
        for field in (self._shown, self._technical):
            field.textChanged.connect(lambda _text: self._changed())
        first = self._technical if one_name else self._shown
        first.setFocus()
        first.selectAll()

    def _changed(self) -> None:
        self._problem.hide()
        set_property(self._technical, "bad", False)
        self._agree.setEnabled(bool(self._technical.text().strip() and self._shown.text().strip()))

    def _try(self) -> None:
        naming = Naming(self._shown.text().strip(), self._technical.text().strip())
        self._agree.setEnabled(False)
        in_background(self, lambda _token: self._save(naming), self._done, self._refused)

    def _done(self, model: InstalledModel) -> None:
        self.saved.emit(model)
        self.accept()

    def _refused(self, error: ModelyardError) -> None:
        self._problem.setText(self._context.words.error_line(error))
        self._problem.show()
        set_property(self._technical, "bad", True)
        self._agree.setEnabled(True)
        self._technical.setFocus()


def _field(text: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setMaxLength(_LONGEST)
    return field


def _labelled(name: str, field: QLineEdit) -> QVBoxLayout:
    label = QLabel(name)
    label.setBuddy(field)
    field.setAccessibleName(name)
    return column(label, field, spacing=Space.XS)
