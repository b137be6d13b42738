"""A Markdown view of one message with a button for the rest of a very long text."""

from __future__ import annotations

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
        self._more = button("", self._show_more, "quiet")
        self._more.hide()
        self.view.more.connect(self.look_again)
        self.setLayout(column(self.view, row(self._more, None), spacing=Space.XS))

    def set_text(self, text: str) -> None:
        self.view.set_text(text)
        self.look_again()

    def look_again(self) -> None:
        hidden = self.view.hidden_characters
        self._more.setVisible(bool(hidden))
        if hidden:
            self._more.setText(self.tr("Show more ({n} characters are not shown)").format(n=f"{hidden:,}"))

    def _show_more(self) -> None:
        self.view.show_more()
        self.look_again()
