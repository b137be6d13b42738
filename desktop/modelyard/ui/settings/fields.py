"""A field for each kind of setting: choice, switch, number, text, folder. Changes take effect at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QSpinBox, QWidget

from ...host.settings import Setting, Settings, Value
from ...words.catalogue import Catalogue
from ..design.tokens import Space
from ..widgets.buttons import button
from ..widgets.layout import row

_SCALES = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
_WIDTH = 220

Store = Callable[[str, Value], None]


def field_for(setting: Setting, settings: Settings, words: Catalogue, store: Store) -> QWidget:
    """`store` is called with key and new value."""
    value = settings.get(setting.key)
    if setting.choices:
        return _choice(setting, str(value), words, store)
    if isinstance(setting.default, bool):
        return _switch(setting, bool(value), words, store)
    if setting.key == "text_scale":
        return _scale(setting, float(value), store)
    if isinstance(setting.default, int):
        return _number(setting, int(value), words, store)
    if setting.key.endswith("_folder"):
        return _FolderField(setting, str(value), store)
    return _text(setting, settings, store)


def _entry(words: Catalogue, key: str) -> dict[str, str]:
    entry = words.entries("settings").get(key, {})
    return entry if isinstance(entry, dict) else {}


def _choice(setting: Setting, value: str, words: Catalogue, store: Store) -> QWidget:
    box = QComboBox()
    box.setMinimumWidth(_WIDTH)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    entry = _entry(words, setting.key)
    for choice in setting.choices:
        box.addItem(entry.get(choice, choice), choice)
    box.setCurrentIndex(setting.choices.index(value))
    box.activated.connect(lambda index: store(setting.key, box.itemData(index)))
    return box


def _switch(setting: Setting, value: bool, words: Catalogue, store: Store) -> QWidget:
    box = QCheckBox()
    box.setProperty("bare", True)
    box.setChecked(value)
    box.toggled.connect(lambda on: store(setting.key, on))
    return box


def _scale(setting: Setting, value: float, store: Store) -> QWidget:
    box = QComboBox()
    box.setMinimumWidth(_WIDTH)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    for scale in _SCALES:
        box.addItem(f"{scale:.0%}", scale)
    box.setCurrentIndex(min(range(len(_SCALES)), key=lambda number: abs(_SCALES[number] - value)))
    box.activated.connect(lambda index: store(setting.key, box.itemData(index)))
    return box


def _number(setting: Setting, value: int, words: Catalogue, store: Store) -> QWidget:
    box = QSpinBox()
    box.setFixedWidth(_WIDTH)
    box.setRange(int(setting.minimum or 0), int(setting.maximum or 1_000_000))
    if unset := _entry(words, setting.key).get("unset"):
        box.setSpecialValueText(unset)
    box.setValue(value)
    box.lineEdit().setTextMargins(Space.S, 0, 0, 0)
    box.editingFinished.connect(lambda: store(setting.key, box.value()))
    return box


def _text(setting: Setting, settings: Settings, store: Store) -> QWidget:
    edit = QLineEdit(settings.text(setting.key))
    edit.setMaxLength(2000)

    def keep() -> None:
        store(setting.key, edit.text().strip())
        edit.setText(settings.text(setting.key))  # as it was kept: a password is taken out

    edit.editingFinished.connect(keep)
    return edit


class _FolderField(QWidget):
    """A path with a button that picks it; empty means the usual place."""

    def __init__(self, setting: Setting, value: str, store: Store) -> None:
        super().__init__()
        self._key = setting.key
        self._store = store
        self._edit = QLineEdit(value)
        self._edit.setPlaceholderText(QCoreApplication.translate("FolderField", "The usual place"))
        self._edit.editingFinished.connect(self._take)
        pick = button(QCoreApplication.translate("FolderField", "Choose"), self._pick)
        self.setFocusProxy(self._edit)
        self.setLayout(row(self._edit, pick, spacing=Space.S))

    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        self._edit.setAccessibleName(name)

    def _take(self) -> None:
        self._store(self._key, self._edit.text().strip())

    def _pick(self) -> None:
        start = self._edit.text() or str(Path.home())
        title = QCoreApplication.translate("FolderField", "Choose a folder")
        if picked := QFileDialog.getExistingDirectory(self, title, start):
            self._edit.setText(picked)
            self._take()
