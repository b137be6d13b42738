"""The keys of the chat, and the window that lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QWidget

from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.facts import Facts
from ..widgets.labels import Text
from ..widgets.layout import column, row
from ..widgets.scrolling import Scroll, Scrolled

_WIDTH = 460
_KEYS = {
    "new": "Ctrl+N",
    "search": "Ctrl+F",
    "next": "Ctrl+PgDown",
    "before": "Ctrl+PgUp",
    "rename": "F2",
    "write": "Ctrl+L",
    "edit": "Ctrl+Up",
    "again": "Ctrl+R",
    "stop": "Esc",
    "copy": "Ctrl+Shift+C",
    "newest": "Ctrl+End",
    "model": "Ctrl+M",
    "settings": "Ctrl+I",
    "attach": "Ctrl+U",
    "export": "Ctrl+E",
    "keys": "Ctrl+/",
}


def set_shortcuts(owner: QWidget, actions: Mapping[str, Callable[[], object]]) -> dict[str, QShortcut]:
    """Every key of the chat does its action while the focus is inside `owner`."""
    made = {}
    for name, act in actions.items():
        shortcut = QShortcut(QKeySequence(_KEYS[name]), owner)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)
        made[name] = shortcut
    return made


def _names() -> dict[str, str]:
    return {
        "new": QCoreApplication.translate("Shortcuts", "New conversation"),
        "search": QCoreApplication.translate("Shortcuts", "Search all conversations"),
        "next": QCoreApplication.translate("Shortcuts", "Next conversation"),
        "before": QCoreApplication.translate("Shortcuts", "Conversation before"),
        "rename": QCoreApplication.translate("Shortcuts", "Rename the conversation"),
        "write": QCoreApplication.translate("Shortcuts", "Write a message"),
        "edit": QCoreApplication.translate("Shortcuts", "Ask the last question differently"),
        "again": QCoreApplication.translate("Shortcuts", "Answer once more"),
        "stop": QCoreApplication.translate("Shortcuts", "Stop the answer"),
        "copy": QCoreApplication.translate("Shortcuts", "Copy the last answer"),
        "newest": QCoreApplication.translate("Shortcuts", "To the newest message"),
        "model": QCoreApplication.translate("Shortcuts", "Choose the model"),
        "settings": QCoreApplication.translate("Shortcuts", "Settings of this conversation"),
        "attach": QCoreApplication.translate("Shortcuts", "Attach pictures or files"),
        "export": QCoreApplication.translate("Shortcuts", "Export as Markdown"),
        "keys": QCoreApplication.translate("Shortcuts", "This list"),
    }


def show_shortcuts(parent: QWidget) -> None:
    dialog = QDialog(parent)
    title = QCoreApplication.translate("Shortcuts", "Keyboard shortcuts")
    dialog.setWindowTitle(title)
    names = _names()
    rows = {QKeySequence(_KEYS[name]).toString(QKeySequence.SequenceFormat.NativeText): names[name] for name in _KEYS}
    rows |= {
        QCoreApplication.translate("Shortcuts", "Enter"): QCoreApplication.translate("Shortcuts", "Send the message"),
        QCoreApplication.translate("Shortcuts", "Shift+Enter"): QCoreApplication.translate("Shortcuts", "New line"),
    }
    close = button(QCoreApplication.translate("Shortcuts", "Close"), dialog.accept, "primary")
    keys = Scrolled(column(Facts(rows), None))
    scroll = Scroll(keys)
    body = column(Text(title, "heading", wrap=False), scroll, row(None, close), spacing=Space.L, margin=Space.XL)
    body.setStretch(1, 1)
    dialog.setLayout(body)
    dialog.ensurePolished()
    width = max(_WIDTH, keys.minimumSizeHint().width() + scroll.room + 2 * Space.XL)
    others = dialog.sizeHint().height() - scroll.sizeHint().height()
    high = others + keys.heightForWidth(width - scroll.room - 2 * Space.XL)
    dialog.resize(QSize(width, high).boundedTo(parent.window().size()))
    dialog.exec()
    dialog.deleteLater()
