"""How one model looks in the list: three lines and a few words in capsules, painted, so that hundreds are no work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...importing.inspection import Fit
from ..context import Context
from ..design.tokens import Size, Space
from .library import Entry
from .list_model import ENTRY_ROLE
from .wording import ability_words, engine_name, what_lines, which_lines

TONES = {Fit.FITS: "good", Fit.SLOW: "warn", Fit.WONT_FIT: "bad"}
_PILL_PADDING = 8
_LEAST_TEXT = 0.45  # of a line's width stays for its text; capsules that do not fit beside it are left out


class RowPainter(QStyledItemDelegate):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self._words = context.words
        self._theme = context.theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        lines = sum(QFontMetrics(font).height() for font in (self._strong(), self._font("body"), self._font("caption")))
        return QSize(240, lines + 2 * Space.XS + 2 * Space.M + Space.S)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: Entry = index.data(ENTRY_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = option.rect.adjusted(1, 1, -1, -Space.S)
        self._frame(painter, body, option.state)
        inner = body.adjusted(Space.L, Space.M, -Space.L, -Space.M)
        top = inner.top()
        engine = [(engine_name(entry.model.engine), "neutral")]
        if entry.running is not None:
            engine.insert(0, (self.tr("In memory"), "accent"))
        top = self._line(painter, inner, top, (entry.name,), self._strong(), "text", engine)
        fit = [(self._words.label("fits", entry.fit.value), TONES[entry.fit])] if entry.fit is not None else []
        if entry.model.remote:
            fit = [(self.tr("In the cloud"), "neutral")]
        top = self._line(painter, inner, top, what_lines(self._words, entry.model), self._font("body"), "muted", fit)
        able = [(word, "neutral") for word in ability_words(self._words, entry.model)]
        which = which_lines(entry.model, entry.name)
        self._line(painter, inner, top, which, self._font("caption"), "muted", able)
        painter.restore()

    def _frame(self, painter: QPainter, body: QRect, state: QStyle.StateFlag) -> None:
        colours = self._theme.colours
        selected = bool(state & QStyle.StateFlag.State_Selected)
        focused = selected and bool(state & QStyle.StateFlag.State_HasFocus)
        hover = bool(state & QStyle.StateFlag.State_MouseOver)
        edge = colours.accent if selected or hover else colours.border
        painter.setPen(QPen(QColor(edge), 2 if focused else 1))
        painter.setBrush(QColor(colours.accent_soft if selected else colours.surface))
        painter.drawRoundedRect(QRectF(body).adjusted(0.5, 0.5, -0.5, -0.5), Size.RADIUS, Size.RADIUS)

    def _line(
        self,
        painter: QPainter,
        inner: QRect,
        top: int,
        texts: Sequence[str],
        font: QFont,
        colour: str,
        pills: list[tuple[str, str]],
    ) -> int:
        """Draws the first of the texts that has room at the left (else the last one shortened) and capsules at the
        right; returns where the next line begins."""
        height = QFontMetrics(font).height()
        right = inner.right()
        least = inner.left() + int(inner.width() * _LEAST_TEXT)
        for word, tone in reversed(pills):
            width = QFontMetrics(self._font("caption")).horizontalAdvance(word) + 2 * _PILL_PADDING
            if right - width < least:
                break
            self._pill(painter, QRect(right - width, top, width, height), word, tone)
            right -= width + Space.XS
        painter.setFont(font)
        painter.setPen(QColor(getattr(self._theme.colours, colour)))
        room = max(0, right - Space.S - inner.left())
        metrics = QFontMetrics(font)
        text = next((each for each in texts if metrics.horizontalAdvance(each) <= room), texts[-1])
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QPointF(inner.left(), top + metrics.ascent()), shown)
        return top + height + Space.XS

    def _pill(self, painter: QPainter, place: QRect, word: str, tone: str) -> None:
        colours = self._theme.colours.as_mapping()
        ink, ground = ("muted", "raised") if tone == "neutral" else (f"{tone}", f"{tone}_soft")
        ink = "accent_text" if tone == "accent" else ink
        metrics = QFontMetrics(self._font("caption"))
        height = metrics.height() + 4
        box = QRectF(place.left(), place.center().y() - height / 2 + 1, place.width(), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours[ground]))
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setFont(self._font("caption"))
        painter.setPen(QColor(colours[ink]))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)

    def _font(self, role: str) -> QFont:
        font = QFont(QApplication.font())
        font.setPointSizeF(self._theme.point_size(role))
        return font

    def _strong(self) -> QFont:
        font = self._font("body")
        font.setWeight(QFont.Weight.DemiBold)
        return font
