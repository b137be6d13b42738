"""A Markdown view of one message with a button for the rest of a very long text."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.layout import column, row
from .flow import Flow
from .markdown_view import MarkdownView
from .rendering.look import Look


class LongText(Flow):
    """Attributes: view."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.view = MarkdownView(look)
        self._more: QPushButton | None = None  # hardly any text is so long
        self.view.more.connect(self.look_again)
        self._body = column(self.view, spacing=Space.XS)
        self.setLayout(self._body)

    def set_text(self, text: str) -> None:
        self.view.set_text(text)
        self.look_again()

    def look_again(self) -> None:
        hidden = self.view.hidden_characters
        if hidden and self._more is None:
            self._more = button("", self._show_more, "quiet")
            self._body.addLayout(row(self._more, None))
        if self._more is not None:
            self._more.setVisible(bool(hidden))
            self._more.setText(self.tr("Show more ({n} characters are not shown)").format(n=f"{hidden:,}"))

    def _show_more(self) -> None:
        self.view.show_more()
        self.look_again()
