"""The rows of the list for Qt's model/view: rows cost nothing until they are seen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ...words.catalogue import Catalogue
from .library import Entry
from .wording import spoken

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


class ModelRows(QAbstractListModel):
    def __init__(self, words: Catalogue, parent: QObject) -> None:
        super().__init__(parent)
        self._words = words
        self._entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        """Same models in the same order are changed in place, so that nothing jumps at a refresh."""
        if [each.key for each in entries] == [each.key for each in self._entries]:
            self._entries = entries
            if entries:
                self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))
            return
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.name  # typing the first letters finds it
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(self._words, entry)
            case int() if role == ENTRY_ROLE:
                return entry
            case _:
                return None

    def row_of(self, key: tuple[str, str]) -> int:
        """-1 if it is not among those shown."""
        return next((row for row, entry in enumerate(self._entries) if entry.key == key), -1)
