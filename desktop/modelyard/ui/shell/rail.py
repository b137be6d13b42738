"""The narrow rail on the left: the five views, each a picture with its word, and Ctrl+1 … Ctrl+5."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QSizePolicy, QToolButton, QWidget

from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..routes import Place
from ..widgets.layout import column, row


class Rail(QFrame):
    """Signals: chosen(Place)."""

    chosen = Signal(object)

    def __init__(self, icons: Icons, window: QWidget) -> None:
        """`window` owns the shortcuts."""
        super().__init__()
        self.setObjectName("rail")
        self.setMinimumWidth(Size.RAIL)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._icons = icons
        self._group = QButtonGroup(self)
        self._buttons: dict[Place, QToolButton] = {}
        names = {
            Place.CHAT: self.tr("Chat"),
            Place.MODELS: self.tr("Models"),
            Place.PERSONAS: self.tr("Personas"),
            Place.IMPORTS: self.tr("Imports"),
            Place.SETTINGS: self.tr("Settings"),
        }
        mark = QLabel()
        icons.put(mark, "modelyard", "accent", 40)
        body = column(row(None, mark, None), Space.M, spacing=Space.XS)
        body.setContentsMargins(Space.S, Space.L, Space.S, Space.M)
        for number, (place, name) in enumerate(names.items(), 1):
            if place is Place.SETTINGS:
                body.addStretch(1)
            body.addWidget(self._button(place, name))
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), window)
            shortcut.activated.connect(lambda place=place: self.chosen.emit(place))
            tip = shortcut.key().toString(QKeySequence.SequenceFormat.NativeText)
            self._buttons[place].setToolTip(f"{name} ({tip})")
        self.setLayout(body)

    def _button(self, place: Place, name: str) -> QToolButton:
        made = QToolButton()
        made.setText(name)
        made.setAccessibleName(name)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icons.put(made, place.value, "muted", 24)
        made.clicked.connect(lambda: self.chosen.emit(place))
        self._group.addButton(made)
        self._buttons[place] = made
        return made

    def mark(self, place: Place) -> None:
        """Shows which view is open; Tab comes to that one, arrows go on to the others."""
        for each, made in self._buttons.items():
            made.setChecked(each is place)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus if each is place else Qt.FocusPolicy.NoFocus)
            self._icons.put(made, each.value, "accent_text" if each is place else "muted", 24)
