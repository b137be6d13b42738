"""All conversations, newest first, with search by title and text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QMenu, QSizePolicy

from ...chat.values import Conversation
from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.layout import column

_CONVERSATION = Qt.ItemDataRole.UserRole
_SEARCH_DELAY_MS = 200


class ConversationList(QFrame):
    """Signals: chosen(Conversation), new(), searched(text), remove(Conversation)."""

    chosen = Signal(object)
    new = Signal()
    searched = Signal(str)
    remove = Signal(object)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("side")
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
        self._delay.timeout.connect(lambda: self.searched.emit(self._search.text().strip()))
        self._search.textChanged.connect(lambda _text: self._delay.start())
        self._list = QListWidget()
        self._list.setObjectName("conversations")
        self._list.setAccessibleName(self.tr("Conversations"))
        self._list.setUniformItemSizes(True)
        self._list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._menu)
        self._list.itemClicked.connect(lambda item: self.chosen.emit(item.data(_CONVERSATION)))
        self._list.itemActivated.connect(lambda item: self.chosen.emit(item.data(_CONVERSATION)))
        QShortcut(
            QKeySequence(Qt.Key.Key_Delete),
            self._list,
            self._delete_current,
            context=Qt.ShortcutContext.WidgetShortcut,
        )
        body = column(make, self._search, self._list, spacing=Space.M, margin=Space.M)
        body.setStretch(2, 1)
        self.setLayout(body)

    @property
    def search(self) -> str:
        return self._search.text().strip()

    def show_all(self, conversations: Sequence[Conversation], current: int | None) -> None:
        self._list.clear()
        for conversation in conversations:
            item = self._item(conversation)
            self._list.addItem(item)
            if conversation.id == current:
                self._list.setCurrentItem(item)

    def show_one(self, conversation: Conversation) -> None:
        """A conversation that is new or has changed: it stands at the top now."""
        for number in range(self._list.count()):
            if self._list.item(number).data(_CONVERSATION).id == conversation.id:
                self._list.takeItem(number)
                break
        item = self._item(conversation)
        self._list.insertItem(0, item)
        self._list.setCurrentItem(item)

    def _item(self, conversation: Conversation) -> QListWidgetItem:
        title = conversation.title or self.tr("New conversation")
        item = QListWidgetItem(title)
        item.setData(_CONVERSATION, conversation)
        item.setToolTip(title)
        return item

    def unmark(self) -> None:
        self._list.setCurrentItem(None)
        self._list.clearSelection()

    def _menu(self, where: QPoint) -> None:
        item = self._list.itemAt(where)
        if item is None:
            return
        menu = QMenu(self)
        menu.addAction(self.tr("Delete conversation"), lambda: self.remove.emit(item.data(_CONVERSATION)))
        menu.exec(self._list.mapToGlobal(where))
        menu.deleteLater()

    def _delete_current(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.remove.emit(item.data(_CONVERSATION))
