"""The switch between versions of a message: ‹ 2/3 ›."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...chat.values import Message
from ..design.icons import Icons
from ..widgets.buttons import icon_button
from ..widgets.labels import Text
from ..widgets.layout import row


class Versions(QWidget):
    """Signals: chosen(message id)."""

    chosen = Signal(int)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._siblings: tuple[int, ...] = ()
        self._place = 0
        self._before = icon_button(icons, "back", self.tr("Earlier version"), lambda: self._go(-1), size=16)
        self._after = icon_button(icons, "next", self.tr("Later version"), lambda: self._go(1), size=16)
        self._words = Text("", "caption", wrap=False)
        self.setLayout(row(self._before, self._words, self._after, spacing=0))
        self.hide()

    def show_message(self, message: Message) -> None:
        self._siblings = message.siblings
        self._place = message.siblings.index(message.id) if message.id in message.siblings else 0
        words = self.tr("{n}/{count}").format(n=self._place + 1, count=len(self._siblings))
        self._words.setText(words)
        self._words.setAccessibleName(self.tr("Version {words}").format(words=words))
        self._before.setEnabled(self._place > 0)
        self._after.setEnabled(self._place < len(self._siblings) - 1)
        self.setVisible(len(self._siblings) > 1)

    @property
    def focused_step(self) -> int:
        """-1 or 1 while one of its buttons has the focus, else 0."""
        return self._after.hasFocus() - self._before.hasFocus()

    def take_focus(self, step: int) -> None:
        """The same button again on another version; at the end the other one."""
        wanted, other = (self._after, self._before) if step > 0 else (self._before, self._after)
        if step:
            (wanted if wanted.isEnabled() else other).setFocus()

    def _go(self, step: int) -> None:
        place = self._place + step
        if 0 <= place < len(self._siblings):
            self.chosen.emit(self._siblings[place])
