"""A button that tries something in the background and says beside it how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ...errors import ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import column, row

T = TypeVar("T")


class Trial(QWidget):
    """`work` runs on a worker thread; `say` makes the sentence about what it gave. Pressing again while it runs lets
    the first try go."""

    def __init__(
        self,
        context: Context,
        label: str,
        work: Callable[[CancelToken], T],
        say: Callable[[T], str],
        *,
        name: str = "",
        before: QWidget | None = None,
        after: QWidget | None = None,
    ) -> None:
        """`before` and `after`: what stands beside `button`. What came of it stands below."""
        super().__init__()
        self._context = context
        self._work = work
        self._say = say
        self._call: Call | None = None
        self.button = button(label, self.run)
        self.button.setAccessibleName(name or label)
        self._picture = IconLabel(context.icons, "check", "good", Size.ICON)
        self._words = Text("", "caption", selectable=True)
        self._result = QWidget()
        told = row(self._picture, self._words, spacing=Space.S)
        told.setStretch(1, 1)
        told.setAlignment(self._picture, Qt.AlignmentFlag.AlignTop)
        self._result.setLayout(told)
        self._result.hide()
        line = row(spacing=Space.S)
        for each in (before, self.button, after):
            if each is not None:
                line.addWidget(each)
        if before is None:
            line.addStretch(1)
        else:
            line.setStretch(0, 1)
        self.setLayout(column(line, self._result, spacing=Space.XS))

    @property
    def words(self) -> str:
        return self._words.text()

    def run(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._tell("info", "muted", self.tr("Trying …"))
        self._call = in_background(self, self._work, self._went_well, self._went_wrong)

    def clear(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._words.setText("")
        self._result.hide()

    def _went_well(self, value: T) -> None:
        self._call = None
        self._tell("check", "good", self._say(value))

    def _went_wrong(self, error: ModelyardError) -> None:
        self._call = None
        words = self._context.words.error(error)
        self._tell("error", "bad", f"{words.title}\n{words.reason}".strip())

    def _tell(self, icon: str, role: str, text: str) -> None:
        self._picture.show_icon(icon, role)
        self._words.setText(text)
        self._result.show()
