"""A formula inside a text document: its picture as soon as there is one, until then its source."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from .formulas import Picture
from .look import Look
from .positions import positions_of

KIND = QTextFormat.ObjectTypes.UserObject.value + 1
LATEX = QTextFormat.Property.UserProperty.value + 1
_DISPLAY = QTextFormat.Property.UserProperty.value + 2
_PIXELS_A_POINT = 96 / 72
_LONGEST_SOURCE = 120
_NARROWEST = 50.0  # pixels: with less nothing is fitted


class FormulaObject(QPyTextObject):
    """Register one on each document with `register`."""

    def __init__(self, look: Look, document: QTextDocument) -> None:
        super().__init__(document)
        self._look = look
        self.ratio = 1.0  # device pixels of the screen

    def register(self, document: QTextDocument) -> None:
        document.documentLayout().registerHandler(KIND, self)

    def intrinsicSize(self, document: QTextDocument, position: int, fmt: QTextFormat) -> QSizeF:
        picture = self._picture(fmt)
        metrics = self._metrics(fmt)
        if picture is None or picture.image is None:
            wanted = metrics.horizontalAdvance(_source(fmt)) + 2
            return QSizeF(min(wanted, max(_NARROWEST, _room(document))), metrics.height())
        scale = _scale(document, picture)
        width, above, depth = picture.width * scale + 2, (picture.height - picture.depth) * scale, picture.depth * scale
        if _display(fmt):
            return QSizeF(width, above + depth + 12)
        if picture.depth <= metrics.descent():
            return QSizeF(width, above + metrics.descent())
        return QSizeF(width, 2 * max(above, depth))  # AlignMiddle: the line runs through it

    def drawObject(
        self, painter: QPainter, rect: QRectF, document: QTextDocument, position: int, fmt: QTextFormat
    ) -> None:
        picture = self._picture(fmt)
        if picture is None or picture.image is None:
            painter.save()
            painter.setFont(self._font(fmt))
            painter.setPen(fmt.toCharFormat().foreground().color())
            shown = self._metrics(fmt).elidedText(_source(fmt), Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter), shown)
            painter.restore()
            return
        scale = _scale(document, picture)
        above = (picture.height - picture.depth) * scale
        metrics = self._metrics(fmt)
        if _display(fmt):
            top = rect.top() + 6
        elif picture.depth <= metrics.descent():
            top = rect.bottom() - metrics.descent() - above
        else:
            top = rect.center().y() - above
        place = QRectF(QPointF(rect.left() + 1, top), QSizeF(picture.width * scale, picture.height * scale))
        painter.drawImage(place, picture.image)

    def insert(self, cursor: QTextCursor, latex: str, base: QTextCharFormat, *, display: bool = False) -> None:
        fmt = QTextCharFormat(base)
        fmt.setObjectType(KIND)
        fmt.setProperty(LATEX, latex)
        fmt.setProperty(_DISPLAY, display)
        fmt.setVerticalAlignment(self._alignment(fmt))
        cursor.insertText("\ufffc", fmt)

    def settle(self, document: QTextDocument) -> None:
        """Pictures came: formulas that reach far below the line are set anew."""
        cursor = QTextCursor(document)
        text = document.toRawText()
        places = positions_of(text)
        at = text.find("\ufffc")
        while at >= 0:
            cursor.setPosition(places[at])
            cursor.setPosition(places[at] + 1, QTextCursor.MoveMode.KeepAnchor)
            fmt = cursor.charFormat()
            if fmt.objectType() == KIND and fmt.verticalAlignment() != self._alignment(fmt):
                fmt.setVerticalAlignment(self._alignment(fmt))
                cursor.setCharFormat(fmt)
            at = text.find("\ufffc", at + 1)
        document.markContentsDirty(0, document.characterCount())

    def _alignment(self, fmt: QTextFormat) -> QTextCharFormat.VerticalAlignment:
        picture = self._picture(fmt)
        if _display(fmt):
            return QTextCharFormat.VerticalAlignment.AlignBottom
        if picture is not None and picture.depth > self._metrics(fmt).descent():
            return QTextCharFormat.VerticalAlignment.AlignMiddle
        return QTextCharFormat.VerticalAlignment.AlignBaseline

    def _picture(self, fmt: QTextFormat) -> Picture | None:
        characters = fmt.toCharFormat()
        pixels = round(characters.fontPointSize() * _PIXELS_A_POINT * (1.15 if _display(fmt) else 1.05))
        colour = characters.foreground().color().name()
        return self._look.formulas.picture(str(fmt.property(LATEX)), pixels, colour, self.ratio)

    def _font(self, fmt: QTextFormat) -> QFont:
        font = QFont(self._look.theme.mono_family())
        font.setPointSizeF(fmt.toCharFormat().fontPointSize() * 0.94)
        return font

    def _metrics(self, fmt: QTextFormat) -> QFontMetricsF:
        picture = self._picture(fmt)
        if picture is None or picture.image is None:
            return QFontMetricsF(self._font(fmt))
        return QFontMetricsF(fmt.toCharFormat().font())


def _room(document: QTextDocument) -> float:
    """Pixels from edge to edge."""
    return document.textWidth() - 8


def _scale(document: QTextDocument, picture: Picture) -> float:
    """Wide formulas are made smaller until they fit."""
    room = _room(document)
    return min(1.0, room / picture.width) if room > _NARROWEST else 1.0


def _display(fmt: QTextFormat) -> bool:
    return bool(fmt.property(_DISPLAY))


def _source(fmt: QTextFormat) -> str:
    text = " ".join(str(fmt.property(LATEX)).split())
    return text if len(text) <= _LONGEST_SOURCE else text[:_LONGEST_SOURCE] + "…"
