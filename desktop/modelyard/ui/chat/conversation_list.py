"""All conversations, pinned and newest first, with search in everything that was said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QMenu, QSizePolicy, QWidget

from ...chat.values import Conversation, SearchHit
from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .announce import announce

_CONVERSATION = Qt.ItemDataRole.UserRole
_MESSAGE = Qt.ItemDataRole.UserRole + 1
_SEARCH_DELAY_MS = 180
_MARKS = re.compile(r"\*\*|(?<!\w)[*_]+(?=\w)|(?<=\w)[*_]+(?!\w)|~~|`+|(?<!\S)#+(?=\s)")


class ConversationList(QFrame):
    """Signals: chosen(Conversation, message id or 0), new(), searched(text), more() at the end of the list,
    rename(Conversation), pin(Conversation), export(Conversation, kind), remove(Conversation)."""

    chosen = Signal(object, int)
    new = Signal()
    searched = Signal(str)
    more = Signal()
    rename = Signal(object)
    pin = Signal(object)
    export = Signal(object, str)
    remove = Signal(object)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("side")
        self._icons = icons
        self._busy: set[int] = set()
        self.setMinimumWidth(Size.SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        make = button(self.tr("New conversation"), self.new.emit)
        make.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        icons.put(make, "plus", "text", Size.ICON - 2)
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search conversations"))
        self._search.setAccessibleName(self.tr("Search conversations"))
        self._search.setClearButtonEnabled(True)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_SEARCH_DELAY_MS)
        self._delay.timeout.connect(lambda: self.searched.emit(self.search))
        self._search.textChanged.connect(lambda _text: self._delay.start())
        self._nothing = Text(self.tr("Nothing was found."), "muted")
        self._nothing.hide()
        self._list = self._make_list()
        self._undo = _Undo()
        body = column(make, self._search, self._nothing, self._list, self._undo, spacing=Space.M, margin=Space.M)
        body.setStretch(3, 1)
        self.setLayout(body)

    def _make_list(self) -> QListWidget:
        made = QListWidget()
        made.setObjectName("conversations")
        made.setAccessibleName(self.tr("Conversations"))
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        made.setTextElideMode(Qt.TextElideMode.ElideRight)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(self._menu)
        made.itemClicked.connect(self._choose)
        made.itemActivated.connect(self._choose)
        bar = made.verticalScrollBar()
        bar.valueChanged.connect(lambda value: self.more.emit() if value >= bar.maximum() - 40 else None)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), made)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(lambda: self._with_current(self.remove.emit))
        return made

    @property
    def search(self) -> str:
        return self._search.text().strip()

    @property
    def count(self) -> int:
        return self._list.count()

    def focus_search(self) -> None:
        self._search.setFocus()
        self._search.selectAll()

    # --- content -------------------------------------------------------------------------------------------------
    def show_all(self, conversations: Sequence[Conversation], current: int) -> None:
        self._list.clear()
        self._nothing.hide()
        self.show_more(conversations, current)

    def show_more(self, conversations: Sequence[Conversation], current: int) -> None:
        for conversation in conversations:
            item = self._item(conversation)
            self._list.addItem(item)
            if conversation.id == current:
                self._list.setCurrentItem(item)

    def show_hits(self, hits: Sequence[tuple[Conversation, SearchHit | None]]) -> None:
        """What a search found: the title, and under it the place."""
        self._list.clear()
        self._nothing.setVisible(not hits)
        for conversation, hit in hits:
            item = self._item(conversation)
            if hit is not None:
                day = datetime.fromtimestamp(hit.created).strftime("%Y-%m-%d")
                start = max(0, hit.start - 14)
                snippet = ("…" if start else "") + without_marks(hit.snippet[start:])
                item.setText(f"{item.text()}\n{snippet}")
                item.setToolTip(f"{conversation.title}\n{day}\n{hit.snippet}")
                item.setData(_MESSAGE, hit.message)
            self._list.addItem(item)

    def show_one(self, conversation: Conversation, current: int) -> None:
        """A conversation that is new or has changed: it takes its place in the order."""
        if self.search:
            return
        for number in range(self._list.count()):
            if self._at(number).id == conversation.id:
                self._list.takeItem(number)
                break
        place = next((n for n in range(self._list.count()) if _order(self._at(n)) < _order(conversation)), None)
        item = self._item(conversation)
        self._list.insertItem(self._list.count() if place is None else place, item)
        if conversation.id == current:
            self._list.setCurrentItem(item)

    def take_out(self, conversation: int) -> None:
        for number in reversed(range(self._list.count())):
            if self._at(number).id == conversation:
                self._list.takeItem(number)

    def show_busy(self, busy: set[int]) -> None:
        """In which conversations an answer grows."""
        if busy != self._busy:
            self._busy = busy
            for number in range(self._list.count()):
                self._draw_icon(self._list.item(number))

    def unmark(self) -> None:
        self._list.setCurrentItem(None)
        self._list.clearSelection()

    def step(self, by: int) -> None:
        """To the next or previous conversation."""
        row_ = self._list.currentRow() + by
        if 0 <= row_ < self._list.count():
            self._list.setCurrentRow(row_)
            self._choose(self._list.item(row_))

    def offer_undo(self, text: str, undo: Callable[[], object]) -> None:
        self._undo.offer(text, undo)
        announce(self._undo, text)

    def end_undo(self) -> None:
        self._undo.hide()

    # --- inside --------------------------------------------------------------------------------------------------
    def _at(self, number: int) -> Conversation:
        found: Conversation = self._list.item(number).data(_CONVERSATION)
        return found

    def _item(self, conversation: Conversation) -> QListWidgetItem:
        title = conversation.title or self.tr("New conversation")
        item = QListWidgetItem(title)
        item.setData(_CONVERSATION, conversation)
        item.setData(_MESSAGE, 0)
        item.setToolTip(title)
        self._draw_icon(item)
        return item

    def _draw_icon(self, item: QListWidgetItem) -> None:
        conversation = item.data(_CONVERSATION)
        name = "dot" if conversation.id in self._busy else "pin" if conversation.pinned else ""
        picture = self._icons.pixmap(name, "accent", 14, self.devicePixelRatioF()) if name else None
        item.setIcon(QIcon(picture) if picture is not None else QIcon())

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_CONVERSATION), item.data(_MESSAGE))

    def _with_current(self, act: Callable[[Conversation], object]) -> None:
        item = self._list.currentItem()
        if item is not None:
            act(item.data(_CONVERSATION))

    def _menu(self, where: QPoint) -> None:
        item = self._list.itemAt(where)
        if item is None:
            return
        conversation: Conversation = item.data(_CONVERSATION)
        menu = QMenu(self)
        menu.addAction(self.tr("Rename …"), lambda: self.rename.emit(conversation))
        pin = self.tr("Unpin") if conversation.pinned else self.tr("Pin to the top")
        menu.addAction(pin, lambda: self.pin.emit(conversation))
        menu.addAction(self.tr("Export as Markdown …"), lambda: self.export.emit(conversation, "markdown"))
        menu.addAction(self.tr("Export with all versions (JSON) …"), lambda: self.export.emit(conversation, "json"))
        menu.addSeparator()
        menu.addAction(self.tr("Delete conversation"), lambda: self.remove.emit(conversation))
        menu.exec(self._list.mapToGlobal(where))
        menu.deleteLater()


def without_marks(snippet: str) -> str:
    """Without Markdown's marks, which only disturb in one line; names like a_b stay whole."""
    return _MARKS.sub("", snippet)


def _order(conversation: Conversation) -> tuple[bool, float]:
    return conversation.pinned, conversation.modified


class _Undo(QWidget):
    """What was done, and a button that takes it back."""

    def __init__(self) -> None:
        super().__init__()
        self._act: Callable[[], object] = lambda: None
        self._text = Text("", "caption")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # the list keeps its width
        self._button = button(self.tr("Undo"), lambda: self._act(), "quiet")
        line = row(self._text, self._button, spacing=Space.S)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()

    def offer(self, text: str, undo: Callable[[], object]) -> None:
        self._text.setText(text)
        self._act = undo
        self.show()
