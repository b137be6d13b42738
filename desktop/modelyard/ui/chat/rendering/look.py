"""How an answer looks: character and block formats made from the tokens, kept until the theme changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QTextBlockFormat,
    QTextCharFormat,
    QTextOption,
)

from ...design.theme import Theme
from ...design.tokens import Space
from ..markdown.values import Place, Span
from .filling import Filling
from .formulas import Formulas

_CODE_HEAD = 26  # above the first line of a code block: its language and the copy button
CODE_MARGIN = Space.M
_HEADINGS = (1.0, 1.35, 1.2, 1.08, 1.0, 1.0, 1.0)
_INDENT = 26
_QUOTE = 16
_USUAL_LINE = 19.0  # pixels: the height of a line for which these distances are made
_LINE = (145.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
_CODE_LINE = (130.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)

QUOTE_LEVEL = int(QTextBlockFormat.Property.BlockQuoteLevel)


class Look(QObject):
    """Signals: changed() after the formats changed."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme
        self.formulas = Formulas(self)
        self.filling = Filling(self)
        self._characters: dict[tuple[object, ...], QTextCharFormat] = {}
        self._line = 0.0  # height of a line of ordinary text in pixels, 0 = not measured
        theme.changed.connect(self._anew)

    def _anew(self) -> None:
        self._characters.clear()
        self._line = 0.0
        self.changed.emit()

    @property
    def code_head(self) -> int:
        """Height of what stands above the first line of a code block."""
        return self.scaled(_CODE_HEAD)

    def scaled(self, pixels: int) -> int:
        """A distance that grows with the letters."""
        if not self._line:
            font = QFont(QGuiApplication.font())
            font.setPointSizeF(self.size)
            self._line = QFontMetricsF(font).height()
        return round(pixels * max(1.0, self._line / _USUAL_LINE))

    @property
    def size(self) -> float:
        """Of ordinary text, in points."""
        return self.theme.point_size("body")

    def characters(self, span: Span, heading: int = 0) -> QTextCharFormat:
        key = (span.bold, span.italic, span.strike, span.code, span.link, heading)
        made = self._characters.get(key)
        if made is None:
            made = self._make(span, heading)
            if not span.link:
                self._characters[key] = made
        return made

    def _make(self, span: Span, heading: int) -> QTextCharFormat:
        made = QTextCharFormat()
        colours = self.theme.colours
        size = self.size * _HEADINGS[heading]
        made.setFontPointSize(size)
        made.setForeground(QColor(colours.text))
        if span.bold or heading:
            made.setFontWeight(QFont.Weight.DemiBold)
        made.setFontItalic(span.italic)
        made.setFontStrikeOut(span.strike)
        if span.code:
            made.setFontFamilies([self.theme.mono_family()])
            made.setFontPointSize(size * 0.94)
            made.setBackground(QColor(colours.code))
        if span.link:
            made.setAnchor(True)
            made.setAnchorHref(span.link)
            made.setToolTip(span.link[:200])
            made.setForeground(QColor(colours.accent_text))
            made.setFontUnderline(True)
        return made

    def code(self, colour: str = "text") -> QTextCharFormat:
        made = self._characters.get(("code", colour))
        if made is None:
            made = QTextCharFormat()
            made.setFontFamilies([self.theme.mono_family()])
            made.setFontPointSize(self.size * 0.94)
            made.setForeground(QColor(self.theme.colours.as_mapping()[colour]))
            made.setFontItalic(colour == "code_comment")
            self._characters["code", colour] = made
        return made

    def paragraph(
        self, place: Place, *, heading: int = 0, tight: bool = False, first: bool = False
    ) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setLineHeight(*_LINE)
        left, indent = self.left_of(place), self.scaled(_INDENT)
        made.setLeftMargin(left)
        if place.marker:
            made.setTextIndent(-indent + 4)
            made.setTabPositions([QTextOption.Tab(indent - 4, QTextOption.TabType.LeftTab)])
        made.setTopMargin(Space.M if heading and not first else 0)
        made.setBottomMargin(Space.XS if tight or heading else Space.S + 2)
        if place.quote:
            made.setProperty(QUOTE_LEVEL, place.quote)
        if heading:
            made.setHeadingLevel(heading)
        return made

    def code_line(self, place: Place, *, first: bool, last: bool) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setLeftMargin(CODE_MARGIN + self.left_of(place))
        made.setRightMargin(CODE_MARGIN)
        made.setTopMargin(self.code_head + Space.S if first else 0)
        made.setBottomMargin(CODE_MARGIN + Space.M if last else 0)
        made.setLineHeight(*_CODE_LINE)
        return made

    def left_of(self, place: Place) -> int:
        """Where a code block's frame begins."""
        return place.indent * self.scaled(_INDENT) + place.quote * _QUOTE
