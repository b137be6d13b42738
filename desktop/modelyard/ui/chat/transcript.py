"""The messages of one conversation in a column: follows the newest text unless the reader scrolled up, and keeps only
those near the reader as widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..widgets.buttons import icon_button
from ..widgets.layout import BalancedScroll, column, row
from .flow import Flow

_NEAR = 24  # pixels from the end that still count as "at the end"
MOST_WIDGETS = 90
_SLICE = 1  # widgets put in at once while one scrolls
Maker = Callable[[], QWidget]


class Transcript(BalancedScroll):
    """Signals: near_top(), near_bottom() when more may be wanted; end_wanted() when one goes to the end;
    dropped(oldest, newest) widgets that were taken out to keep memory small."""

    near_top = Signal()
    near_bottom = Signal()
    end_wanted = Signal()
    dropped = Signal(int, int)

    def __init__(self, icons: Icons) -> None:
        inner = Flow()
        inner.setObjectName("page")
        super().__init__(inner)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Conversation"))
        self._following = True
        self._items: list[QWidget] = []
        self._looked_at: QWidget | None = None  # at the upper edge, and how far it lies above it
        self._offset = 0
        self._above: list[Maker] = []  # still to be put in at the top, the nearest last
        self._body = column(spacing=Space.XL)
        holder = Flow()
        holder.setMaximumWidth(Size.COLUMN)
        holder.setLayout(self._body)
        line = row(spacing=0)
        # At the sides the place of the scroll bar, and as much at the left, stands beside this.
        line.setContentsMargins(Space.M, Space.XL, Space.M, Space.L)
        line.addStretch(0)
        line.addWidget(holder, 1)  # in line with the composer
        line.addStretch(0)
        inner.setLayout(line)
        self._body.addStretch(1)
        self._to_end = icon_button(icons, "down", self.tr("To the newest message"), self.follow, kind="round")
        self._to_end.setParent(self)
        self._to_end.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(8)
        self._timer.timeout.connect(self._put_next)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._scrolled)

    @property
    def following(self) -> bool:
        return self._following

    @property
    def items(self) -> Sequence[QWidget]:
        return self._items

    # --- content -------------------------------------------------------------------------------------------------
    def add(self, widget: QWidget) -> None:
        """Behind all others."""
        self._body.insertWidget(self._body.count() - 1, widget)
        self._items.append(widget)

    def _show(self, widget: QWidget) -> None:
        """Qt would show it a moment later; until then layouts pass over it, and nothing can be scrolled to. With its
        width, so that its text is laid out once."""
        if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide):
            width = min(self.viewport().width() - 2 * Space.M, Size.COLUMN)
            widget.resize(max(1, width), widget.heightForWidth(width))
            widget.show()

    def put_above(self, makers: Sequence[Maker]) -> None:
        """Widgets before all others, made a few at a time so that scrolling stays smooth; what is looked at stays
        where it is."""
        self._above = [*makers, *self._above]
        self._timer.start()

    def take_away(self, widget: QWidget) -> None:
        if widget in self._items:
            self._items.remove(widget)
        focus = QApplication.focusWidget()
        if focus is not None and (focus is widget or widget.isAncestorOf(focus)):
            self.setFocus()  # the keys of the chat go on working
        self._body.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    def swap(self, old: QWidget, new: QWidget) -> None:
        """Puts `new` where `old` was; `old` lives on elsewhere."""
        self._body.replaceWidget(old, new)
        self._items[self._items.index(old)] = new

    def replace(self, old: QWidget, new: QWidget) -> None:
        self.swap(old, new)
        old.hide()
        old.deleteLater()

    def empty(self) -> None:
        self._above.clear()
        self._timer.stop()
        for widget in list(self._items):
            self.take_away(widget)
        self._following = True
        self._place_button()

    def show_widget(self, widget: QWidget) -> None:
        """Scrolls so that it stands near the top."""
        self.show_added()
        self._following = False
        self.verticalScrollBar().setValue(max(0, self._top_of(widget) - Space.XL))

    def follow(self) -> None:
        """To the end, and stay there."""
        self._following = True
        self.end_wanted.emit()
        self._settle()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._place_button()

    def trim(self) -> None:
        """Takes out the widgets farthest from what is looked at; not while more are on their way, which come to stand
        among those counted."""
        surplus = len(self._items) - MOST_WIDGETS
        if surplus <= 0 or self._above:
            return
        bar = self.verticalScrollBar()
        if bar.value() > bar.maximum() // 2:
            for widget in self._items[:surplus]:
                self._keeping_place(lambda widget=widget: self.take_away(widget))
            self.dropped.emit(surplus, 0)
        else:
            for widget in self._items[-surplus:]:
                self.take_away(widget)
            self.dropped.emit(0, surplus)

    def _put_next(self) -> None:
        def put() -> None:
            for _ in range(min(_SLICE, len(self._above))):
                widget = self._above.pop()()
                self._body.insertWidget(0, widget)
                self._show(widget)
                self._items.insert(0, widget)

        self._keeping_place(put)
        if not self._above:
            self._timer.stop()
            self.trim()

    def _keeping_place(self, change: Callable[[], None]) -> None:
        """Changes something above what is looked at, which stays where it is."""
        following = self._following
        self._remember_place(self.verticalScrollBar().value())
        change()
        self._settle()
        if self._looked_at in self._items:
            self.verticalScrollBar().setValue(self._top_of(self._looked_at) + self._offset)
        self._following = following

    def _top_of(self, widget: QWidget) -> int:
        return widget.mapTo(self.widget(), widget.rect().topLeft()).y()

    def _settle(self) -> None:
        """Lays out now what would be laid out a moment later."""
        inner, width = self.widget(), self.viewport().width()
        inner.layout().activate()
        inner.resize(width, max(inner.heightForWidth(width), self.viewport().height()))

    # --- scrolling -----------------------------------------------------------------------------------------------
    def _range_changed(self, _low: int, high: int) -> None:
        """What is looked at stays where it is, whatever grows above it."""
        bar = self.verticalScrollBar()
        if self._following:
            bar.setValue(high)
        elif self._looked_at in self._items:
            following, (widget, offset) = self._following, (self._looked_at, self._offset)
            bar.setValue(self._top_of(widget) + offset)
            self._following = following
        self._place_button()

    def _remember_place(self, value: int) -> None:
        self._looked_at = next((each for each in self._items if self._top_of(each) + each.height() > value), None)
        self._offset = value - self._top_of(self._looked_at) if self._looked_at is not None else 0

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._following = value >= bar.maximum() - _NEAR
        self._remember_place(value)
        self.look_up()
        if value > bar.maximum() - 2 * self.viewport().height():
            self.near_bottom.emit()
        self._place_button()

    def show_added(self) -> None:
        """What was added takes its room at once. Else it would press the others together for a moment."""
        for each in self._items:
            self._show(each)
        self._settle()

    def look_up(self) -> None:
        """Says whether more may be wanted above."""
        if self.verticalScrollBar().value() < 2 * self.viewport().height() and not self._above:
            self.near_top.emit()

    def _place_button(self) -> None:
        self._to_end.setVisible(not self._following)
        room = self.rect()
        self._to_end.resize(Size.CONTROL, Size.CONTROL)
        self._to_end.move(room.center().x() - Size.CONTROL // 2, room.bottom() - Size.CONTROL - Space.S)
        self._to_end.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_button()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        match event.key():
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                self.follow()
            case _:
                super().keyPressEvent(event)
