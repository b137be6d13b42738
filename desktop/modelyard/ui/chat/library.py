"""What is done with conversations: listed, searched, renamed, pinned, deleted (or cut off) with a way back, exported,
imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from ...chat.store import ChatStore
from ...chat.transfer import collect, insert, read_file, write_json, write_markdown
from ...chat.values import Conversation, Message, SearchHit
from ...errors import Code, ModelyardError
from ...events import CancelToken
from ..background import in_background
from ..context import Context
from .conversation_list import ConversationList
from .session import Session

_PAGE = 200  # conversations
_FOUND = 80  # messages a search shows
_UNDO_MS = 8_000


class Library(QObject):
    """Signals: opened(Conversation, message id), gone(conversation id), failed(ModelyardError)."""

    opened = Signal(object, int)
    gone = Signal(int)
    failed = Signal(object)

    def __init__(self, context: Context, shown: ConversationList, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._list = shown
        self._session = session
        self._window = parent
        self._deleted: Conversation | None = None  # still in the store, no longer shown
        self._cut: Message | None = None  # the same of a message, with everything behind it
        self._complete = self._asking = False
        self._undo_timer = QTimer(self)
        self._undo_timer.setSingleShot(True)
        self._undo_timer.setInterval(_UNDO_MS)
        self._undo_timer.timeout.connect(self._delete_now)
        shown.searched.connect(lambda _text: self.refresh())
        shown.more.connect(self._ask_more)
        shown.rename.connect(self.rename)
        shown.pin.connect(self.pin)
        shown.export.connect(self.export)
        shown.remove.connect(self.remove)
        shown.chosen.connect(self.opened)

    # --- list and search -----------------------------------------------------------------------------------------
    def refresh(self) -> None:
        words, chats = self._list.search, self._context.services.chats

        def search(_token: CancelToken) -> list[tuple[Conversation, SearchHit | None]]:
            return find(chats(), words)

        def show_hits(hits: list[tuple[Conversation, SearchHit | None]]) -> None:
            if words == self._list.search:
                self._list.show_hits([each for each in hits if not self.hidden(each[0])])

        def show(found: list[Conversation]) -> None:
            if words == self._list.search:
                self._complete = len(found) < _PAGE
                self._list.show_all([each for each in found if not self.hidden(each)], self._session.number)

        if words:
            in_background(self, search, show_hits, self.failed.emit)
        else:
            in_background(self, lambda _token: chats().conversations.list(_PAGE), show, self.failed.emit)

    def _ask_more(self) -> None:
        if self._complete or self._asking or self._list.search or not self._list.count:
            return
        self._asking = True
        chats, behind = self._context.services.chats, self._list.count

        def show(found: list[Conversation]) -> None:
            self._asking = False
            self._complete = len(found) < _PAGE
            if not self._list.search:
                self._list.show_more([each for each in found if not self.hidden(each)], self._session.number)

        in_background(self, lambda _token: chats().conversations.list(_PAGE, behind), show, self.failed.emit)

    def hidden(self, conversation: Conversation) -> bool:
        """It was deleted a moment ago and can still be taken back."""
        return self._deleted is not None and self._deleted.id == conversation.id

    # --- one conversation ----------------------------------------------------------------------------------------
    def rename(self, conversation: Conversation) -> None:
        title, good = QInputDialog.getText(
            self._window, self.tr("Rename"), self.tr("Title of this conversation"), text=conversation.title
        )
        if good:
            self._change(lambda store: store.conversations.rename(conversation.id, title[:300]))

    def pin(self, conversation: Conversation) -> None:
        self._change(lambda store: store.conversations.pin(conversation.id, not conversation.pinned))

    def _change(self, work: Callable[[ChatStore], Conversation]) -> None:
        self._session.in_lane(work, self._session.changed.emit)

    def remove(self, conversation: Conversation) -> None:
        """It leaves the list at once and the store a little later, so that it can be taken back."""
        self._delete_now()
        self._deleted = conversation
        self._list.take_out(conversation.id)
        self.gone.emit(conversation.id)
        title = conversation.title if len(conversation.title) < 30 else conversation.title[:28] + "…"
        self._list.offer_undo(self.tr("“{title}” was deleted.").format(title=title), self._take_back)
        self._undo_timer.start()

    def cut(self, message: Message) -> None:
        """A message and everything behind it leave in the same way."""
        self._delete_now()
        self._cut = message
        self._session.set_aside(message)
        self._list.offer_undo(self.tr("The message and what followed were deleted."), self._take_back)
        self._undo_timer.start()

    def _take_back(self) -> None:
        conversation, message = self._end_undo()
        if conversation is not None:
            self.refresh()
            self.opened.emit(conversation, 0)
        elif message is not None:
            number = message.conversation
            self._session.in_lane(
                lambda store: store.conversations.get(number), lambda head: self.opened.emit(head, message.id)
            )

    def _delete_now(self) -> None:
        conversation, message = self._end_undo()
        if conversation is not None:
            number = conversation.id
            self._session.in_lane(lambda store: store.conversations.delete(number))
        elif message is not None:
            self._session.delete(message)

    def _end_undo(self) -> tuple[Conversation | None, Message | None]:
        """What could be taken back until now."""
        found = self._deleted, self._cut
        self._deleted = self._cut = None
        self._undo_timer.stop()
        self._list.end_undo()
        return found

    def close(self) -> None:
        self._delete_now()

    # --- files ---------------------------------------------------------------------------------------------------
    def export(self, conversation: Conversation, kind: str) -> None:
        """kind: "markdown" (the shown branch) or "json" (everything)."""
        ending = "md" if kind == "markdown" else "json"
        name = "".join(c if c.isalnum() or c in " -_" else " " for c in conversation.title).strip() or "chat"
        start = str(Path.home() / f"{name[:60]}.{ending}")
        path, _kind = QFileDialog.getSaveFileName(self._window, self.tr("Export conversation"), start, f"*.{ending}")
        if path:
            self.export_to(conversation, kind, Path(path))

    def export_to(self, conversation: Conversation, kind: str, path: Path) -> None:
        chats = self._context.services.chats
        labels = {"user": self.tr("You"), "assistant": self.tr("Assistant"), "system": self.tr("Role and rules")}

        def work(_token: CancelToken) -> None:
            record = collect(chats(), conversation.id, branches=kind == "json")
            text = write_json(record) if kind == "json" else write_markdown(record, labels)
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(path.parent)) from error

        done = self.tr("Exported to {name}").format(name=path.name)
        in_background(self, work, lambda _done: self._context.routes.toast.emit(done), self.failed.emit)

    def load(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self._window, self.tr("Import a conversation"), str(Path.home()), self.tr("Conversations (*.json *.md)")
        )
        if path:
            self.load_from(Path(path))

    def load_from(self, path: Path) -> None:
        chats = self._context.services.chats

        def show(conversation: Conversation) -> None:
            self.refresh()
            self.opened.emit(conversation, 0)

        in_background(self, lambda _token: insert(chats(), read_file(path)), show, self.failed.emit)


def find(store: ChatStore, words: str) -> list[tuple[Conversation, SearchHit | None]]:
    """Conversations whose title has the words, then messages that have them; each conversation with its newest."""
    small = words.casefold()
    titled = [each for each in store.conversations.list(1_000) if small in each.title.casefold()][:_FOUND]
    found: list[tuple[Conversation, SearchHit | None]] = []
    hits = store.search(words, _FOUND)
    first = {hit.conversation: hit for hit in reversed(hits)}
    for conversation in titled:
        found.append((conversation, first.pop(conversation.id, None)))
    found += [(store.conversations.get(hit.conversation), hit) for hit in hits if first.get(hit.conversation) is hit]
    return found
