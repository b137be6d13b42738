"""Formulas as pictures: LaTeX drawn by ziamath on a thread of its own, kept for the next time.

Bounded: length, depth and time. A formula that cannot be drawn stays as it was written.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QObject, QRectF, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_LONGEST = 1_500  # characters
_DEEPEST = 12  # braces: deeper ones cost ziamath exponential time
_SECONDS = 3.0
_LARGEST = 4_000  # pixels of one side
_KEPT = 400  # pictures
T = TypeVar("T")
Key = tuple[str, int, str, float]


@dataclass(frozen=True)
class Picture:
    """Sizes in logical pixels; `depth`: how far it reaches below the line of writing. None: it cannot be drawn."""

    image: QImage | None
    width: float = 0.0
    height: float = 0.0
    depth: float = 0.0


class Formulas(QObject):
    """Signals: ready() when pictures that were asked for have come."""

    ready = Signal()
    _made = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pictures: OrderedDict[Key, Picture | None] = OrderedDict()
        self._lane = QThreadPool(self)
        self._lane.setMaxThreadCount(1)
        self._made.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def picture(self, latex: str, pixels: int, colour: str, ratio: float) -> Picture | None:
        """The picture, or None as long as it is being made. `pixels`: height of the letters."""
        key = (latex, pixels, colour, ratio)
        if key in self._pictures:
            self._pictures.move_to_end(key)
            return self._pictures[key]
        self._pictures[key] = None
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self._lane.start(_Drawing(key, self._made))
        return None

    def close(self) -> None:
        self._lane.clear()
        self._lane.waitForDone(int(_SECONDS * 1000) + 500)

    def _keep(self, key: Key, picture: Picture) -> None:
        self._pictures[key] = picture
        self.ready.emit()


class _Drawing(QRunnable):
    def __init__(self, key: Key, made: Any) -> None:
        super().__init__()
        self._key = key
        self._made = made

    def run(self) -> None:
        try:
            picture = in_time(lambda: draw(*self._key), _SECONDS)
        except Exception:  # ziamath refuses with whatever its parser stumbled over
            picture = Picture(None)
        try:
            self._made.emit(self._key, picture)
        except RuntimeError:
            pass  # the window is gone


def draw(latex: str, pixels: int, colour: str, ratio: float) -> Picture:
    """Raises anything that ziamath raises, ValueError for what is too large."""
    if len(latex) > _LONGEST or _depth(latex) > _DEEPEST:
        raise ValueError("too long")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its fonts in an old-fashioned way
        import ziamath

    ziamath.config.svg2 = False  # with it Qt draws only the strokes
    formula = ziamath.Latex(latex, size=pixels, color=colour)
    svg = formula.svg()
    width, height = formula.getsize()
    if not (0 < width < _LARGEST and 0 < height < _LARGEST):
        raise ValueError("too large")
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(image.rect()))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return Picture(image, width, height, max(0.0, -formula.getyofst()))


def in_time(work: Callable[[], T], seconds: float) -> T:
    """Calls `work` on this thread and ends it with TimeoutError. For pure Python work: looked at on every call."""
    end = time.monotonic() + seconds

    def look(_frame: FrameType, _event: str, _argument: Any) -> None:
        if time.monotonic() > end:
            raise TimeoutError

    sys.setprofile(look)
    try:
        return work()
    finally:
        sys.setprofile(None)


def _depth(latex: str) -> int:
    deepest = depth = 0
    for character in latex:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    return deepest
