"""The frame of a page: a header, and one of three states under it: its content, busy, or an error."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QWidget

from ...errors import Action, ModelyardError
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.labels import Text
from ..widgets.layout import BalancedScroll, centred, clear, column, row


class BusyView(QWidget):
    """A moving bar with one line saying what is being waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._line = Text("", "muted")
        self._line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(240)
        bar.setAccessibleName(self.tr("Working"))
        self.setLayout(column(None, row(None, bar, None), self._line, None, spacing=Space.M))

    def say(self, line: str) -> None:
        self._line.setText(line)
        self.setAccessibleName(line)


class StateStack(QStackedWidget):
    """Content, busy or error, one at a time."""

    def __init__(self, context: Context, content: QWidget) -> None:
        super().__init__()
        self._context = context
        self._content = content
        self._busy = BusyView()
        self._error = QWidget()
        self._error_body = column(margin=Space.XL)
        self._error.setLayout(self._error_body)
        for each in (content, self._busy, self._error):
            self.addWidget(each)

    def show_content(self) -> None:
        self.setCurrentWidget(self._content)

    def show_busy(self, line: str) -> None:
        self._busy.say(line)
        self.setCurrentWidget(self._busy)

    def show_error(self, error: ModelyardError, mend: Callable[[Action], None] | None = None) -> None:
        """`mend` is called with the action of the panel's button; without it the window decides."""
        clear(self._error_body)
        panel = self._context.error_panel(error)
        panel.action.connect(mend or (lambda action: self._context.routes.mend_error(action, error)))
        panel.setMaximumWidth(720)
        line = row(None, spacing=0)
        line.insertWidget(1, panel, 100)
        line.addStretch(1)
        holder = QWidget()
        holder.setLayout(line)
        self._error_body.addStretch(1)
        self._error_body.addWidget(holder)
        self._error_body.addStretch(2)
        self.setCurrentWidget(self._error)


class Page(QWidget):
    """A view of the rail: title, a line under it, actions at the right, then the state stack.

    Subclasses fill `content` before calling this constructor and may override `refresh` (called at every showing).
    """

    def __init__(
        self,
        context: Context,
        title: str,
        subtitle: str,
        content: QWidget,
        *actions: QWidget,
        width: int = Size.COLUMN,
        scroll: BalancedScroll | None = None,
    ) -> None:
        """`scroll`: what the header stands in line with, where it is not the content itself."""
        super().__init__()
        self.setObjectName("page")
        self.context = context
        self.states = StateStack(context, content)
        heading = Text(title, "title", wrap=False)
        under = Text(subtitle, "muted")
        under.setVisible(bool(subtitle))
        words = column(heading, under, spacing=Space.XS)
        header = row(words, spacing=Space.M)
        header.setStretch(0, 1)
        for each in actions:
            header.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        head = centred(header, width)
        scroll = content if isinstance(content, BalancedScroll) else scroll
        if scroll is not None:
            head.setContentsMargins(Space.XL + scroll.room, Space.XL, Space.XL + scroll.room, 0)
        self.setLayout(column(head, self.states, spacing=0))
        self.layout().setStretch(1, 1)

    def refresh(self) -> None:
        """Called each time the page is shown."""
