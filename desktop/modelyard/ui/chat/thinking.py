"""What a model thought before it answered: folded away, with how long it took."""

from __future__ import annotations

from ..context import Context
from ..design.tokens import Space
from ..widgets.fold import Fold
from ..widgets.layout import column
from .flow import Flow
from .markdown_view import MarkdownView
from .rendering.look import Look


class Thinking(Flow):
    """Rendered only while it is unfolded."""

    def __init__(self, context: Context, look: Look) -> None:
        super().__init__()
        self._words = context.words
        self._text = ""
        self._shown = 0
        self._growing = False
        self._look = look
        self._view: MarkdownView | None = None
        self._inner = Flow()
        self._inner.setObjectName("thinking")
        self._fold = Fold(context.icons, self.tr("Thinking"), self._inner)
        self._fold.toggled.connect(lambda _open: self._show())
        self.setLayout(column(self._fold))
        self.hide()

    def set_text(self, text: str, seconds: float) -> None:
        """What was thought, in an answer that is there already."""
        self._text, self._shown, self._growing = text, 0, False
        self.setVisible(bool(text))
        self._name(seconds)
        self._show()

    def grow(self, text: str) -> None:
        self._text += text
        self._growing = True
        self.setVisible(bool(self._text))
        self._fold.rename(self.tr("Thinking …"))
        self._show()

    def end(self, seconds: float) -> None:
        self._growing = False
        self._name(seconds)
        self._show()

    def _name(self, seconds: float) -> None:
        time = self._words.duration(seconds) if seconds >= 0.5 else ""
        self._fold.rename(self.tr("Thought for {time}").format(time=time) if time else self.tr("Thinking"))

    def _show(self) -> None:
        if not self._fold.open or self._shown == len(self._text):
            return
        if self._view is None:
            self._view = MarkdownView(self._look)
            self._view.setAccessibleName(self.tr("Thinking"))
            body = column(self._view)
            body.setContentsMargins(Space.L, Space.S, Space.S, Space.S)
            self._inner.setLayout(body)
        if self._growing:
            self._view.append(self._text[self._shown :])
        else:
            self._view.set_text(self._text)
        self._shown = len(self._text)
