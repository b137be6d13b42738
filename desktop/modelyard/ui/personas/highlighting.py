"""Colours and underlines of what is on screen, as extra selections: the text's own layout is never touched."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from ...modelfile.checking import Finding
from ..design.theme import Theme
from .colouring import spans
from .source import Source

_MOST = 1500  # stretches on one screen
_MARGIN = 400  # characters: of long lines only the neighbourhood of the screen is coloured


class Highlighter(QObject):
    """Draws anew when the text was read, scrolled or resized, at most once a pass of the event loop."""

    def __init__(self, source: Source, editor: QPlainTextEdit, theme: Theme) -> None:
        super().__init__(editor)
        self._source = source
        self._editor = editor
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._draw)
        source.read.connect(self._timer.start)
        source.edited.connect(self._edited)
        editor.verticalScrollBar().valueChanged.connect(lambda _value: self._timer.start())
        theme.changed.connect(self._look)
        self._look()

    def again(self) -> None:
        self._timer.start()

    def _edited(self) -> None:
        if self._source.current:
            self._timer.start()  # the text is read already, only its findings are not

    def _look(self) -> None:
        colours = self._theme.colours.as_mapping()
        for kind in ("keyword", "string", "comment", "number", "name"):
            made = QTextCharFormat()
            made.setForeground(QColor(colours[f"code_{kind}"]))
            self._formats[kind] = made
        for kind, colour in (("error", "bad"), ("warning", "warn")):
            made = QTextCharFormat()
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            made.setUnderlineColor(QColor(colours[colour]))
            self._formats[kind] = made
        self._timer.start()

    def shown_units(self) -> tuple[int, int]:
        """The part of the text on screen, in UTF-16 units."""
        editor = self._editor
        first = editor.firstVisibleBlock()
        height = editor.viewport().height()
        start, stop, top = first.position(), first.position(), editor.contentOffset().y()
        block = first
        while block.isValid():
            rect = editor.blockBoundingGeometry(block)
            if rect.height() > 4 * height:  # one endless line
                share = block.length() / max(1.0, rect.height())
                begin = block.position() + max(0, int(-rect.top() * share) - _MARGIN)
                start = begin if block == first else start
                return start, min(block.position() + block.length(), begin + int(height * share) + 2 * _MARGIN)
            stop = block.position() + block.length()
            top = rect.bottom()
            if top > height:
                break
            block = block.next()
        return start, stop

    def _draw(self) -> None:
        positions = self._source.positions
        start, stop = self.shown_units()
        first, last = positions.character(start), positions.character(stop)
        found: list[QTextEdit.ExtraSelection] = []
        for span in spans(self._source.document, first, last):
            found.append(self._selection(span.start, span.stop, self._formats[span.kind]))
            if len(found) > _MOST:
                break
        for finding in self._source.reading.findings if self._source.settled else ():
            if finding.stop > first and finding.start < last:
                found.append(self._underline(finding, first, last))
        self._editor.setExtraSelections(found)

    def _underline(self, finding: Finding, first: int, last: int) -> QTextEdit.ExtraSelection:
        kind = self._formats["error" if finding.is_error else "warning"]
        return self._selection(max(finding.start, first), min(finding.stop, last), kind)

    def _selection(self, start: int, stop: int, kind: QTextCharFormat) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self._source.text_document)
        end = self._source.text_document.characterCount() - 1
        cursor.setPosition(min(end, self._source.positions.unit(start)))
        cursor.setPosition(min(end, self._source.positions.unit(stop)), QTextCursor.MoveMode.KeepAnchor)
        made.cursor = cursor
        made.format = kind
        return made
