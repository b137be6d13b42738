"""The line above a conversation: its title, how full its memory is, its settings and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QMenu

from ...chat.values import Conversation
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import icon_button
from ..widgets.labels import ElidedText
from ..widgets.layout import column, row
from .gauge import MemoryGauge


class Header(QFrame):
    """Signals: settings(), rename(), pin(), export(kind) with "markdown" or "json", load(), delete(), keys().

    Attributes: gauge."""

    settings = Signal()
    rename = Signal()
    pin = Signal()
    export = Signal(str)
    load = Signal()
    delete = Signal()
    keys = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("head")
        self._routes = context.routes
        icons = context.icons
        self._conversation: Conversation | None = None
        self._title = ElidedText("", "strong")
        self.gauge = MemoryGauge(context)
        name = self.tr("Settings of this conversation")
        settings = icon_button(icons, "sliders", name, self.settings.emit, size=18)
        self._more = icon_button(icons, "more", self.tr("More about this conversation"), self._menu, size=18)
        self._role = ElidedText("", "caption")
        self._role.hide()
        line = row(column(self._title, self._role, spacing=0), self.gauge, settings, self._more, spacing=Space.S)
        line.setContentsMargins(Space.XL, Space.S, Space.M, Space.S)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.setMinimumHeight(Size.CONTROL + 2 * Space.S)

    def show_conversation(self, conversation: Conversation | None) -> None:
        self._conversation = conversation
        self._title.setText(conversation.title if conversation else "")
        self._title.update()
        role = " ".join(conversation.system.split()) if conversation else ""
        self._role.setText(self.tr("Role: {text}").format(text=role[:300]))
        self._role.setToolTip(role[:2000])
        self._role.setVisible(bool(role))
        self._routes.titled.emit(conversation.title if conversation else "")

    def _menu(self) -> None:
        menu = QMenu(self)
        there = self._conversation is not None
        pinned = self._conversation is not None and self._conversation.pinned
        pin = self.tr("Unpin") if pinned else self.tr("Pin to the top")
        for text, signal in ((self.tr("Rename …"), self.rename), (pin, self.pin)):
            menu.addAction(text, signal.emit).setEnabled(there)
        menu.addSeparator()
        for text, kind in (
            (self.tr("Export as Markdown …"), "markdown"),
            (self.tr("Export with all versions (JSON) …"), "json"),
        ):
            menu.addAction(text, lambda kind=kind: self.export.emit(kind)).setEnabled(there)
        menu.addAction(self.tr("Import a conversation …"), self.load.emit)
        menu.addSeparator()
        menu.addAction(self.tr("Keyboard shortcuts"), self.keys.emit)
        menu.addAction(self.tr("Delete conversation"), self.delete.emit).setEnabled(there)
        menu.exec(self._more.mapToGlobal(QPoint(self._more.width() - menu.sizeHint().width(), self._more.height())))
        menu.deleteLater()
