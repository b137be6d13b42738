"""After an import the file is on the disk twice: offers to put the person's own one into the bin, never unasked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile
from PySide6.QtWidgets import QWidget

from ...errors import Code, ModelyardError
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
from ..widgets.ask import ask
from ..widgets.buttons import button
from ..widgets.labels import ElidedText, Text
from ..widgets.layout import column, row


@dataclass(frozen=True)
class Original:
    """A single file of the person, `size` bytes large."""

    path: Path
    size: int


class OriginalOffer(QWidget):
    """Hidden until it is known that the file is there, whole and alone (a part of a split set stays)."""

    def __init__(self, context: Context, original: Original) -> None:
        super().__init__()
        self._context = context
        self._original = original
        self._amount = context.words.amount(original.size)
        words = column(
            Text(self.tr("The original file is still there too ({size}).").format(size=self._amount), wrap=False),
            ElidedText(str(original.path), "caption"),
            spacing=2,
        )
        line = row(words, button(self.tr("Move it to the bin"), self._ask), spacing=Space.M)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()
        in_background(self, lambda _token: self._is_there(), self.setVisible, lambda _error: None)

    def _is_there(self) -> bool:
        path = self._original.path
        return path.is_file() and path.stat().st_size == self._original.size

    def _ask(self) -> None:
        question = self.tr("Move the original file to the bin?")
        text = self.tr("{path}\n\nModelyard keeps its own copy. {size} become free when the bin is emptied.").format(
            path=self._original.path, size=self._amount
        )
        if ask(self, question, text, self.tr("Move to the bin"), self.tr("Keep")):
            in_background(self, lambda _token: self._move(), lambda _done: self._moved(), self._failed)

    def _move(self) -> None:
        if not QFile.moveToTrash(str(self._original.path)):
            raise ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(self._original.path.parent))

    def _moved(self) -> None:
        self.hide()
        self._context.routes.toast.emit(self.tr("The original is in the bin."))

    def _failed(self, error: ModelyardError) -> None:
        panel = self._context.error_panel(error)
        panel.action.connect(lambda action: self._context.routes.mend_error(action, error))
        self.layout().addWidget(panel)
