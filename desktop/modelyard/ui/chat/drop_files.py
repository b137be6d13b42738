"""Files and pictures on their way to a message: chosen, dropped or pasted, read in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from ...chat.values import NewAttachment
from ...errors import ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from .attaching import picture_attachment, read_files


class FileTaker(QObject):
    """Signals: taken(list[NewAttachment]), failed(ModelyardError), busy(text) with "" at the end."""

    taken = Signal(object)
    failed = Signal(object)
    busy = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._call: Call | None = None

    def choose(self) -> None:
        names, _kind = QFileDialog.getOpenFileNames(self._window, self.tr("Attach pictures or files"))
        if names:
            self.read([Path(name) for name in names])

    def read(self, paths: Sequence[Path]) -> None:
        self._in_background(lambda token: read_files(paths, token))

    def take_picture(self, image: QImage) -> None:
        name = self.tr("Picture") + ".png"
        self._in_background(lambda _token: [picture_attachment(image, name)])

    def _in_background(self, work: Callable[[CancelToken], list[NewAttachment]]) -> None:
        self.busy.emit(self.tr("Reading …"))
        self._call = in_background(self, work, self._done, self._refused)

    def _done(self, files: list[NewAttachment]) -> None:
        self._call = None
        self.busy.emit("")
        self.taken.emit(files)

    def _refused(self, error: ModelyardError) -> None:
        self._call = None
        self.busy.emit("")
        self.failed.emit(error)

    def close(self) -> None:
        if self._call is not None:
            self._call.cancel()
