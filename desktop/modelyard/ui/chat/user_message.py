"""A message of the person: a bubble at the right, what is attached under it; it can be asked differently."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QSizePolicy, QWidget

from ...chat.values import Message
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button, icon_button
from ..widgets.cards import Card
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .attachment_chip import AttachmentChip
from .flow import Flow
from .markdown.visible import breakable, joined, visible
from .versions import Versions

_SHOWN = 3_000  # characters of a long message
_WIDEST = 560
LoadPicture = Callable[[int, Callable[[QImage], None]], None]
"""Fetches a picture by the id of its attachment, off the window's thread."""


class UserMessage(Flow):
    """Signals: edited(Message, text), edit_ended (sent or not), delete(Message), other(message id).

    Attributes: message; versions.
    """

    edited = Signal(object, str)
    edit_ended = Signal()
    delete = Signal(object)
    other = Signal(int)

    def __init__(self, context: Context, message: Message, load_picture: LoadPicture) -> None:
        super().__init__()
        self._context = context
        self.message = message
        self._free = True
        text = visible(message.content)
        self._label = _Words(breakable(text if len(text) <= _SHOWN else text[:_SHOWN] + " …"), "body")
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._label.setAccessibleName(self.tr("You: {text}").format(text=text[:2000]))
        self._more = button(self.tr("Show all"), self._show_all, "quiet")
        self._bubble = Card(self._label, row(self._more, None), kind="bubble")
        self._bubble.body.setContentsMargins(Space.L, Space.S + 2, Space.L, Space.S + 2)
        self._bubble.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Minimum)
        self._bubble.setMaximumWidth(_WIDEST)
        self._fit(_WIDEST)  # as wide as it will most likely be: heights that change later move what one reads
        chips = row(None, spacing=Space.S)
        for one in message.attachments:
            chip = AttachmentChip(context, one)
            chips.addWidget(chip)
            if one.media_type.startswith("image/"):
                load_picture(one.id, chip.show_picture)
        icons = context.icons
        self.versions = Versions(icons)
        self.versions.chosen.connect(self.other)
        self._edit = icon_button(icons, "edit", self.tr("Ask differently"), self.begin_edit, size=16)
        self._menu_button = icon_button(icons, "more", self.tr("More"), self._menu, size=16)
        self._tools = QWidget()
        self._tools.setLayout(row(None, self.versions, self._edit, self._menu_button, spacing=2))
        self._shown = Flow()
        self._shown.setLayout(column(row(None, self._bubble, spacing=0), chips, self._tools, spacing=Space.XS))
        self._editor: _Editor | None = None
        self.setLayout(column(self._shown))
        self.versions.show_message(message)  # shown before it has a parent it would be a window of its own
        self._more.setVisible(len(text) > _SHOWN)
        self._bubble.setVisible(bool(text))

    def set_asking(self, possible: bool, *, changing: bool) -> None:
        """Whether a model can be asked just now; whether what was said can be changed."""
        self._free = changing
        self._edit.setEnabled(possible)
        self.versions.setEnabled(changing)

    def begin_edit(self) -> None:
        if self._editor is not None:
            return
        self._editor = _Editor(self.message.content)
        self._editor.sent.connect(self._send)
        self._editor.cancelled.connect(self._end_edit)
        self._shown.hide()
        self.layout().addWidget(self._editor)
        self._editor.field.setFocus()

    def _send(self, text: str) -> None:
        self._end_edit()
        if text and text != self.message.content:
            self.edited.emit(self.message, text)

    def _end_edit(self) -> None:
        if self._editor is not None:
            self.edit_ended.emit()  # before the field hides: Qt would look for another place for the keys, anywhere
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self._shown.show()

    def _show_all(self) -> None:
        self._label.setText(breakable(visible(self.message.content)))
        self._more.hide()

    def _fit(self, width: int) -> None:
        """Short messages have narrow bubbles; long ones never more than there is room for."""
        metrics = self._label.fontMetrics()
        lines = self._label.text()[:4000].splitlines()
        longest = max((metrics.horizontalAdvance(line) for line in lines), default=0)
        room = min(_WIDEST, width) - 2 * Space.L
        self._label.setMinimumWidth(max(20, min(longest + 4, room)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self.width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit(self.width())

    def _copy(self) -> None:
        """What is selected, or all of it."""
        QGuiApplication.clipboard().setText(joined(self._label.selectedText()) or self.message.content)
        self._context.routes.toast.emit(self.tr("Copied"))

    def _menu(self) -> None:
        self._open_menu(self._menu_button.mapToGlobal(QPoint(0, self._menu_button.height())))

    def _open_menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Copy"), self._copy)
        menu.addAction(self.tr("Ask differently"), self.begin_edit).setEnabled(self._edit.isEnabled())
        menu.addSeparator()
        menu.addAction(self.tr("Delete from here on"), lambda: self.delete.emit(self.message)).setEnabled(self._free)
        menu.exec(where)
        menu.deleteLater()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())


class _Words(Text):
    """Copies without the marks that let long words break; leaves its menu to the message."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.hasSelectedText():
            QGuiApplication.clipboard().setText(joined(self.selectedText()))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()


class _Editor(QWidget):
    """Signals: sent(text), cancelled()."""

    sent = Signal(str)
    cancelled = Signal()

    def __init__(self, text: str) -> None:
        super().__init__()
        self.field = QPlainTextEdit(text)
        self.field.setObjectName("field")
        self.field.setTabChangesFocus(True)
        self.field.setAccessibleName(self.tr("Your message"))
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * 5 + 2 * Space.M)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        send = button(self.tr("Ask"), self._send, "primary")
        cancel = button(self.tr("Cancel"), self.cancelled.emit)
        note = Text(self.tr("The earlier version stays; you can switch back to it."), "caption")
        line = row(note, cancel, send, spacing=Space.S)
        line.setStretch(0, 1)
        self.setLayout(column(self.field, line, spacing=Space.S))

    def _send(self) -> None:
        self.sent.emit(self.field.toPlainText().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self._send()
        else:
            super().keyPressEvent(event)
