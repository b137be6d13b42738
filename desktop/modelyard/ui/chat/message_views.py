"""A message of the person and a message of the model."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from ...chat.values import Message, State, Stats
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..widgets.buttons import icon_button
from ..widgets.cards import Card
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .markdown_view import MarkdownView


class UserMessage(QWidget):
    """What the person wrote, in a bubble at the right."""

    def __init__(self, text: str) -> None:
        super().__init__()
        label = Text(text, "body")
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setAccessibleName(self.tr("You: {text}").format(text=text[:2000]))
        bubble = Card(label, kind="bubble")
        bubble.body.setContentsMargins(Space.L, Space.S + 2, Space.L, Space.S + 2)
        longest = max((label.fontMetrics().horizontalAdvance(line) for line in text[:4000].splitlines()), default=0)
        label.setMinimumWidth(min(longest + 4, 480))
        bubble.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Minimum)
        bubble.setMaximumWidth(560)
        self.setLayout(row(None, bubble, spacing=0))


class AnswerMessage(QWidget):
    """What the model wrote.

    Signals: link(QUrl), again() to ask once more (shown on the last answer only), other(message id) to see another
    version.
    """

    other = Signal(int)

    link = Signal(QUrl)
    again = Signal()

    def __init__(self, context: Context, name: str) -> None:
        super().__init__()
        self._context = context
        self._name = name
        self._thinking = Text("", "muted", selectable=True)
        self._fold = Fold(context.icons, self.tr("Thinking"), self._thinking)
        self._fold.hide()
        self._waiting = Text(self.tr("Thinking about it …"), "muted")
        self.view = MarkdownView(context.theme)
        self.view.setAccessibleName(name)
        self.view.hide()
        self.view.link.connect(self.link)
        self._copy = icon_button(context.icons, "copy", self.tr("Copy answer"), self._copy_text, size=16)
        self._again = icon_button(context.icons, "retry", self.tr("Answer once more"), self.again.emit, size=16)
        self._figures = Text("", "caption", wrap=False)
        self._tools = QWidget()
        self._tools.setLayout(row(self._copy, self._again, self._figures, None, spacing=Space.XS))
        self._tools.hide()
        self.setLayout(
            column(
                Text(name, "caption", wrap=False), self._fold, self._waiting, self.view, self._tools, spacing=Space.XS
            )
        )

    def show_whole(self, message: Message) -> None:
        """A finished answer."""
        self._waiting.hide()
        self._think(message.thinking)
        self.view.set_text(message.content)
        self.view.setVisible(bool(message.content))
        self._finish(message)

    def grow(self, text: str, thinking: str) -> None:
        if thinking:
            self._think(self._thinking.text() + thinking)
        if text:
            self._waiting.hide()
            self.view.show()
            self.view.append(text)

    def end(self, message: Message | None) -> None:
        """The answer is complete, was stopped, or failed (None)."""
        self._waiting.hide()
        self.view.finish()
        self._finish(message)

    def set_last(self, last: bool) -> None:
        self._again.setVisible(last)

    def _think(self, text: str) -> None:
        self._thinking.setText(text)
        self._fold.setVisible(bool(text))

    def _finish(self, message: Message | None) -> None:
        self._tools.show()
        self.view.setAccessibleName(self.tr("{name}: {text}").format(name=self._name, text=self.view.text[:2000]))
        if message is None:
            return
        self._figures.setText(joined(self._ending(message.state), self._speed(message.stats)))
        if len(message.siblings) > 1:
            self._offer_versions(message)

    def _ending(self, state: State) -> str:
        match state:
            case State.STOPPED:
                return self.tr("stopped")
            case State.INTERRUPTED:
                return self.tr("interrupted")
            case _:
                return ""

    def _speed(self, stats: Stats | None) -> str:
        if stats is None or not stats.tokens_per_second:
            return ""
        if stats.reason == "length":
            return self.tr("longest length reached")
        return self.tr("{n} tokens a second").format(n=f"{stats.tokens_per_second:.0f}")

    def _offer_versions(self, message: Message) -> None:
        """Earlier and later versions of the same answer."""
        place = message.siblings.index(message.id)
        line = self._tools.layout()
        assert isinstance(line, QHBoxLayout)
        words = self.tr("{n} of {count}").format(n=place + 1, count=len(message.siblings))
        before = self._version("back", self.tr("Earlier version"), message.siblings[max(0, place - 1)])
        after = self._version(
            "next", self.tr("Later version"), message.siblings[min(len(message.siblings) - 1, place + 1)]
        )
        before.setEnabled(place > 0)
        after.setEnabled(place < len(message.siblings) - 1)
        for number, each in enumerate((before, Text(words, "caption", wrap=False), after)):
            line.insertWidget(number, each)

    def _version(self, icon: str, name: str, message: int) -> QToolButton:
        return icon_button(self._context.icons, icon, name, lambda: self.other.emit(message), size=16)

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.view.text)
        self._context.routes.toast.emit(self.tr("Copied"))
