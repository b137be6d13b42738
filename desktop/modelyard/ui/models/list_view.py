"""The list itself: selection, keys, and what is told to others."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from ..context import Context
from .library import Entry
from .list_model import ENTRY_ROLE, ModelRows
from .row_paint import RowPainter


class ModelListView(QListView):
    """Enter or a double click opens, F2 renames, Delete removes, the menu key or a right click asks for the menu.

    Signals: chosen(Entry | None), opened(Entry), rename(Entry), remove(Entry), menu(Entry, global QPoint).
    """

    chosen = Signal(object)
    opened = Signal(object)
    rename = Signal(object)
    remove = Signal(object)
    menu = Signal(object, QPoint)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("models")
        self.setAccessibleName(self.tr("Models"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)  # rows show that the mouse is over them
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.viewport().setAutoFillBackground(False)
        self._by_person = False  # until somebody chooses, the first is chosen
        self._rows = ModelRows(context.words, self)
        self._painter = RowPainter(context)
        self.setModel(self._rows)
        self.setItemDelegate(self._painter)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.data(ENTRY_ROLE)))
        self.customContextMenuRequested.connect(self._ask_menu)
        context.theme.changed.connect(self._look_changed)

    @property
    def current(self) -> Entry | None:
        entry: Entry | None = self.currentIndex().data(ENTRY_ROLE) if self.currentIndex().isValid() else None
        return entry

    def show_entries(self, entries: list[Entry]) -> None:
        """The chosen model stays chosen if it is still there; else the one in its place."""
        before, row = self.current, self.currentIndex().row()
        self._rows.show(entries)
        if entries:
            kept = self._rows.row_of(before.key) if before is not None and self._by_person else -1
            row = row if self._by_person else 0
            row = kept if kept >= 0 else min(max(row, 0), len(entries) - 1)
            self.setCurrentIndex(self._rows.index(row))
        self.chosen.emit(self.current)

    def choose(self, key: tuple[str, str]) -> None:
        row = self._rows.row_of(key)
        if row >= 0:
            self._by_person = True
            self.setCurrentIndex(self._rows.index(row))

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self.scrollTo(current)
        self.chosen.emit(self.current)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._by_person = True
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._by_person = True
        signal = {
            Qt.Key.Key_Return: self.opened,
            Qt.Key.Key_Enter: self.opened,
            Qt.Key.Key_F2: self.rename,
            Qt.Key.Key_Delete: self.remove,
        }.get(Qt.Key(event.key()))
        if signal is not None and self.current is not None:
            signal.emit(self.current)
            return
        super().keyPressEvent(event)

    def _ask_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if not index.isValid():  # the menu key: of the row that is chosen
            index = self.currentIndex()
            place = self.visualRect(index).center()
        if index.isValid():
            self.setCurrentIndex(index)
            self.menu.emit(index.data(ENTRY_ROLE), self.viewport().mapToGlobal(place))

    def _look_changed(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()
