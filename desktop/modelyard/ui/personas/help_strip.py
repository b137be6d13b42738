"""Under the text: what the word at the cursor means, and everything that is wrong or worth knowing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from ...modelfile.parameters import PARAMETERS
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..widgets.labels import Text
from ..widgets.layout import column
from .completion import bounds, meaning
from .notes import Note

_MOST = 50
_MOST_LINES = 4


class HelpStrip(QWidget):
    """Signals: wanted(character) when a note about a place is chosen."""

    wanted = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._shown: Sequence[Note] = ()
        self._meaning = Text("", "caption")
        self._meaning.setMinimumHeight(2 * self._meaning.fontMetrics().lineSpacing())
        self._meaning.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._list = QListWidget()
        self._list.setObjectName("notes")
        self._list.setAccessibleName(self.tr("Mistakes and remarks"))
        self._list.setWordWrap(True)
        self._list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._choose)
        self._list.itemActivated.connect(self._choose)
        self._list.hide()
        context.theme.changed.connect(self._fill)
        body = column(self._meaning, self._list, spacing=Space.XS)
        body.setContentsMargins(Space.L, Space.S, Space.L, 0)
        self.setLayout(body)

    @property
    def texts(self) -> list[str]:
        return [self._list.item(row).text() for row in range(self._list.count())]

    def explain(self, keyword: str, name: str) -> None:
        technical, title, text = meaning(self._context.words, keyword, name)
        usual = ""
        if technical in PARAMETERS:
            area, default = bounds(PARAMETERS[technical])
            usual = joined(area, self.tr("usually {value}").format(value=default) if default else "")
        hint = self.tr("Ctrl+Space shows what can be written here.")
        self._meaning.setText(joined(technical, title, text, usual) if technical else hint)

    def show_notes(self, notes: Sequence[Note]) -> None:
        if list(notes[:_MOST]) != list(self._shown):
            self._shown = notes[:_MOST]
            self._fill()

    def _fill(self) -> None:
        self._list.clear()
        ratio = self.devicePixelRatioF()
        for note in self._shown:
            kind = ("error", "bad") if note.is_error else ("warning", "warn")
            where = self.tr("Line {n}: ").format(n=note.line) if note.start is not None and note.line else ""
            item = QListWidgetItem(QIcon(self._context.icons.pixmap(*kind, 16, ratio)), where + note.text)
            item.setData(Qt.ItemDataRole.UserRole, note.start)
            self._list.addItem(item)
        side = self._context.icons.grown(16)
        self._list.setIconSize(QSize(side, side))
        self._list.setVisible(bool(self._shown))
        lines = min(_MOST_LINES, 2 * len(self._shown))  # most notes take two
        self._list.setFixedHeight(lines * self._list.fontMetrics().lineSpacing() + 2 * Space.M)

    def _choose(self, item: QListWidgetItem) -> None:
        start = item.data(Qt.ItemDataRole.UserRole)
        if start is not None:
            self.wanted.emit(start)
