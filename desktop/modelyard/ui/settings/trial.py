"""A button that tries something in the background and says beside it how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QWidget

from ...errors import ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row

T = TypeVar("T")


class Trial(QWidget):
    """`work` runs on a worker thread; `say` makes the sentence about what it gave. Pressing again while it runs lets
    the first try go."""

    def __init__(
        self, context: Context, label: str, work: Callable[[CancelToken], T], say: Callable[[T], str], name: str = ""
    ) -> None:
        super().__init__()
        self._context = context
        self._work = work
        self._say = say
        self._call: Call | None = None
        self._button = button(label, self.run)
        self._button.setAccessibleName(name or label)
        self._picture = IconLabel(context.icons, "check", "good", Size.ICON)
        self._picture.hide()
        self._words = Text("", "caption", selectable=True)
        line = row(self._button, self._picture, self._words, spacing=Space.M)
        line.setStretch(2, 1)
        self.setLayout(line)

    @property
    def words(self) -> str:
        return self._words.text()

    def run(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._picture.hide()
        self._words.setText(self.tr("Trying …"))
        self._call = in_background(self, self._work, self._went_well, self._went_wrong)

    def clear(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._picture.hide()
        self._words.setText("")

    def _went_well(self, value: T) -> None:
        self._tell("check", "good", self._say(value))

    def _went_wrong(self, error: ModelyardError) -> None:
        words = self._context.words.error(error)
        self._tell("error", "bad", f"{words.title}\n{words.reason}".strip())

    def _tell(self, icon: str, role: str, text: str) -> None:
        self._call = None
        self._picture.show_icon(icon, role)
        self._picture.show()
        self._words.setText(text)
