"""The Modelfile as text: line numbers, completion, help on what stands under the cursor or the mouse."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QInputMethodEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QCompleter, QPlainTextEdit, QToolTip, QWidget

from ...modelfile.checking import Finding
from ..context import Context
from ..design.tokens import Space
from .completion import offers
from .highlighting import Highlighter
from .history import History
from .notes import finding_words
from .source import Source

_SHOWN = 10
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOST_LINE = 400  # characters looked at before the cursor


class TextEditor(QPlainTextEdit):
    """Signals: moved() when the cursor stands elsewhere. Attributes: models, names offered after FROM; composing, while
    an input method writes."""

    moved = Signal()

    def __init__(self, context: Context, source: Source, history: History) -> None:
        super().__init__()
        self.setObjectName("modelfile")
        self._context = context
        self._source = source
        self._history = history
        self.models: Sequence[str] = ()
        self.composing = False
        self.setDocument(source.text_document)
        self.setAccessibleName(self.tr("Modelfile text"))
        self.setAccessibleDescription(self.tr("Ctrl+Space offers words, Ctrl+Tab goes to the next field."))
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._gutter = _Gutter(self)
        self.highlighter = Highlighter(source, self, context.theme)
        self._completer = self._make_completer()
        self.blockCountChanged.connect(self._room)
        self.updateRequest.connect(self._scroll_gutter)
        self.cursorPositionChanged.connect(self.moved)
        context.theme.changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        font = QFont(self._context.theme.mono_family())
        font.setPointSizeF(self._context.theme.point_size("body"))
        self.setFont(font)
        self.setStyleSheet(f"QPlainTextEdit#modelfile {{ font-family: '{font.family()}'; }}")
        self.setTabStopDistance(4 * QFontMetricsF(font).horizontalAdvance(" "))
        self._room()

    # --- line numbers ----------------------------------------------------------------------------------------------

    @property
    def gutter_width(self) -> int:
        digits = max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + 2 * Space.S

    def _room(self, _count: int = 0) -> None:
        self.setViewportMargins(self.gutter_width, 0, 0, 0)
        self._place_gutter()

    def _place_gutter(self) -> None:
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.left(), area.top(), self.gutter_width, area.height()))

    def _scroll_gutter(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def paint_numbers(self, event: QPaintEvent) -> None:
        painter = QPainter(self._gutter)
        painter.setPen(self.palette().placeholderText().color())
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        height = self.fontMetrics().height()
        while block.isValid() and top <= event.rect().bottom():
            room = QRect(0, int(top), self.gutter_width - Space.S, height)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            top += self.blockBoundingRect(block).height()
            block = block.next()

    def resizeEvent(self, event: QResizeEvent) -> None:
        at_cursor = self.viewport().rect().intersects(self.cursorRect()) and self.hasFocus()
        super().resizeEvent(event)
        if at_cursor:
            self.ensureCursorVisible()
        self._place_gutter()
        self.highlighter.again()

    # --- completion ------------------------------------------------------------------------------------------------

    def _make_completer(self) -> QCompleter:
        made = QCompleter(self)
        made.setWidget(self)
        made.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        made.setMaxVisibleItems(_SHOWN)
        made.setModel(QStandardItemModel(made))
        made.popup().setObjectName("completion")
        made.popup().setAccessibleName(self.tr("Suggestions"))
        made.popup().installEventFilter(self)
        made.activated[QModelIndex].connect(self._complete)
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter, where nothing of the list is chosen, is a new line: QCompleter would swallow it."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _ENTER:
            popup = self._completer.popup()
            if watched is popup and not popup.currentIndex().isValid():
                popup.hide()
                self.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)

    @property
    def popup_open(self) -> bool:
        return self._completer.popup().isVisible()

    def offer(self, *, asked: bool) -> None:
        """Shows what can be written here, if there is anything."""
        found = offers(self._context.words, self._line_before_cursor(), self.models, asked=asked)
        model = self._completer.model()
        assert isinstance(model, QStandardItemModel)
        model.clear()
        for each in found.offers:
            item = QStandardItem(f"{each.text.strip()}   {each.line}".rstrip())
            item.setData((each.text, len(found.typed)), Qt.ItemDataRole.UserRole)
            model.appendRow(item)
        popup = self._completer.popup()
        if not found.offers:
            popup.hide()
            return
        place = self.cursorRect().translated(self.gutter_width, 0)
        place.setWidth(min(self.width() - place.left(), popup.sizeHintForColumn(0) + 40))
        self._completer.complete(place)
        popup.setCurrentIndex(self._completer.completionModel().index(0, 0) if found.sure else QModelIndex())

    def _line_before_cursor(self) -> str:
        """ "" inside a value of several lines, where nothing is offered."""
        cursor = self.textCursor()
        line = cursor.block().text()[:_MOST_LINE]
        before = line[: cursor.positionInBlock()]
        if len(before) == _MOST_LINE or not self._source.current:
            return '"' if len(before) == _MOST_LINE else before
        start = self._source.positions.character(cursor.block().position())
        document = self._source.document
        inside = bool(document.nodes) and document.starts[document.node_index(start)] < start < len(document.text)
        return '"' if inside and document.nodes[document.node_index(start)].keyword else before

    def _complete(self, index: QModelIndex) -> None:
        text, typed = index.data(Qt.ItemDataRole.UserRole)
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, typed)
        cursor.insertText(text)
        self.setTextCursor(cursor)
        QTimer.singleShot(0, self, lambda: self.offer(asked=False))  # the list that was chosen from closes first

    # --- keys ------------------------------------------------------------------------------------------------------

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        enter = key in _ENTER
        if self.popup_open and (enter or key in (Qt.Key.Key_Tab, Qt.Key.Key_Escape)):
            chosen = self._completer.popup().currentIndex()
            self._completer.popup().hide()
            if key != Qt.Key.Key_Escape and chosen.isValid():
                self._complete(chosen)
                return
            if key == Qt.Key.Key_Escape:
                return
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and key == Qt.Key.Key_Space:
            self.offer(asked=True)
            return
        if control and enter:
            event.ignore()  # Apply
            return
        if control and key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.focusNextPrevChild(key == Qt.Key.Key_Tab)
            return
        super().keyPressEvent(event)
        typed = event.text()
        if self.composing or control or not typed:
            return
        if typed.isalnum() or typed in "_ " or (key == Qt.Key.Key_Backspace and self.popup_open):
            self.offer(asked=False)
        else:
            self._completer.popup().hide()

    def event(self, event: QEvent) -> bool:
        """Undo and redo are the history's, which knows more than this text."""
        return self._history.eventFilter(self, event) or super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            unit = self.cursorForPosition(event.pos()).position()
            finding = self.finding_at(self._source.positions.character(unit))
            line = self.document().findBlock(unit).blockNumber() + 1
            said = finding_words(self._context.words, finding, line) if finding else ""
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().viewportEvent(event)

    # --- places ----------------------------------------------------------------------------------------------------

    @property
    def cursor_character(self) -> int:
        return self._source.positions.character(self.textCursor().position())

    def finding_at(self, character: int) -> Finding | None:
        found = self._source.reading.findings if self._source.settled else ()
        return next((each for each in found if each.start <= character <= each.stop), None)

    def go_to(self, character: int) -> None:
        cursor = self.textCursor()
        cursor.setPosition(self._source.positions.unit(character))
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self.setFocus()


class _Gutter(QWidget):
    """The line numbers at the left."""

    def __init__(self, editor: TextEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_numbers(event)
