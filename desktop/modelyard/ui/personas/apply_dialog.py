"""Asks where a persona shall live: of which model, under which name. Stays open with the reason if that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from ...engines.base import InstalledModel
from ...errors import Code, ModelyardError
from ...importing.naming import unused
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
from ..models.listing import shown_name
from ..models.wording import engine_name
from ..widgets.buttons import button
from ..widgets.labels import Text, set_property
from ..widgets.layout import column, row

_LONGEST = 120


class ApplyDialog(QDialog):
    """`make(base, technical name, shown name)` creates the model, beside the window's thread.

    Signals: made(base, InstalledModel, shown name); replace(InstalledModel): the person chose to give the
    persona to this model."""

    made = Signal(object, object, str)
    replace = Signal(object)

    def __init__(
        self,
        context: Context,
        models: Sequence[InstalledModel],
        base: InstalledModel | None,
        name: str,
        make: Callable[[InstalledModel, str, str], InstalledModel],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._models = list(models)
        self._make = make
        self._taken: InstalledModel | None = None
        self._own_name = False
        title = self.tr("Make a model of this persona")
        self.setWindowTitle(title)
        self.setMinimumWidth(480)
        self._base = QComboBox()
        self._base.setAccessibleName(self.tr("Base model"))
        for model in self._models:
            self._base.addItem(f"{shown_name(model)} · {engine_name(model.engine)}")
        self._base.setCurrentIndex(self._models.index(base) if base in self._models else 0 if self._models else -1)
        self._base.currentIndexChanged.connect(lambda _index: self._changed())
        self._shown = QLineEdit(name)
        self._technical = QLineEdit()
        for field in (self._shown, self._technical):
            field.setMaxLength(_LONGEST)
        self._shown.textEdited.connect(lambda _text: self._suggest())
        self._technical.textEdited.connect(self._named)
        explained = self.tr("The base model stays as it is; both share their weights on disk where the engine can.")
        self._problem = Text("", "bad")
        self._problem.hide()
        self._instead = button("", self._replace)
        self._instead.hide()
        self._agree = button(self.tr("Create"), self._try, "primary")
        self._agree.setDefault(True)
        self.setLayout(
            column(
                Text(title, "heading"),
                _labelled(self.tr("Base model"), self._base),
                _labelled(self.tr("Name"), self._shown),
                _labelled(self.tr("Technical name"), self._technical),
                Text(explained, "caption"),
                self._problem,
                row(self._instead, None),
                row(None, button(self.tr("Cancel"), self.reject), self._agree),
                spacing=Space.M,
                margin=Space.XL,
            )
        )
        self._suggest()
        self._shown.setFocus()
        self._shown.selectAll()

    def _chosen(self) -> InstalledModel | None:
        place = self._base.currentIndex()
        return self._models[place] if 0 <= place < len(self._models) else None

    def _suggest(self) -> None:
        if not self._own_name:
            base = self._chosen()
            taken = {model.name for model in self._models if base is not None and model.engine == base.engine}
            text = self._shown.text().strip()
            self._technical.setText(unused(self._context.services.technical_name(text), taken) if text else "")
        self._changed()

    def _named(self, _text: str) -> None:
        self._own_name = True
        self._changed()

    def _changed(self) -> None:
        self._problem.hide()
        self._instead.hide()
        set_property(self._technical, "bad", False)
        named = bool(self._technical.text().strip() and self._shown.text().strip())
        self._agree.setEnabled(named and self._chosen() is not None)

    def _try(self) -> None:
        base = self._chosen()
        if base is None:
            return
        technical, shown = self._technical.text().strip(), self._shown.text().strip()
        self._agree.setEnabled(False)

        def done(model: InstalledModel) -> None:
            self.made.emit(base, model, shown)
            self.accept()

        in_background(self, lambda _token: self._make(base, technical, shown), done, self._refused)

    def _refused(self, error: ModelyardError) -> None:
        self._problem.setText(self._context.words.error_line(error))
        self._problem.show()
        set_property(self._technical, "bad", True)
        self._agree.setEnabled(True)
        self._technical.setFocus()
        base = self._chosen()
        if error.code is Code.ENGINE_NAME_TAKEN and base is not None:
            name = self._technical.text().strip().lower().removesuffix(":latest")
            same = (each for each in self._models if each.name.lower().removesuffix(":latest") == name)
            self._taken = next((each for each in same if each.engine == base.engine), None)
            if self._taken is not None:
                self._instead.setText(self.tr("Give it to “{name}” instead").format(name=shown_name(self._taken)))
                self._instead.show()

    def _replace(self) -> None:
        if self._taken is not None:
            self.replace.emit(self._taken)
            self.accept()


def _labelled(name: str, field: QWidget) -> QVBoxLayout:
    label = QLabel(name)
    label.setBuddy(field)
    field.setAccessibleName(name)
    return column(label, field, spacing=Space.XS)
