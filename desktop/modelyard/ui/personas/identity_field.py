"""Picture and name: what people see of a persona. Both stand beside the Modelfile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.layout import column, row
from .history import History
from .picture import Portrait

_SIDE = 72
_LONGEST = 120


class IdentityField(QWidget):
    """Signals: changed(); choose_picture().  Attributes: name, picture (PNG or JPEG bytes)."""

    changed = Signal()
    choose_picture = Signal()

    def __init__(self, context: Context, history: History) -> None:
        super().__init__()
        self._history = history
        self.name = ""
        self.picture = b""
        self._portrait = Portrait(context.theme, _SIDE)
        self._field = QLineEdit()
        self._field.setMaxLength(_LONGEST)
        self._field.setPlaceholderText(self.tr("For example: Mario"))
        self._field.textEdited.connect(self._typed)
        label = QLabel(self.tr("Name"))
        label.setProperty("role", "strong")
        label.setBuddy(self._field)
        self._field.setAccessibleName(self.tr("Name"))
        choose = button(self.tr("Choose a picture"), self.choose_picture.emit, "link")
        self._remove = button(self.tr("Remove picture"), lambda: self.set_picture(b""), "quiet")
        words = column(label, self._field, row(choose, self._remove, None, spacing=Space.S), spacing=Space.XS)
        line = row(self._portrait, words, spacing=Space.L)
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_identity(self, name: str, picture: bytes) -> None:
        """As another persona begins; no step of history."""
        self._put(name, picture)

    def set_picture(self, picture: bytes) -> None:
        self._change("picture", self.name, picture)

    def change_to(self, name: str, picture: bytes) -> None:
        """Both, as a step of history."""
        self._change("identity", name, picture)

    def _typed(self, name: str) -> None:
        self._change("name", name, self.picture)

    def _change(self, what: str, name: str, picture: bytes) -> None:
        before, after = (self.name, self.picture), (name, picture)
        if before != after:
            self._put(*after)
            self._history.add(what, self._putter(*before), self._putter(*after))

    def _putter(self, name: str, picture: bytes) -> Callable[[], None]:
        return lambda: self._put(name, picture)

    def _put(self, name: str, picture: bytes) -> None:
        self.name, self.picture = name, picture
        if self._field.text() != name:
            self._field.setText(name)
        self._portrait.show_persona(picture, name)
        self._remove.setVisible(bool(picture))
        self.changed.emit()
