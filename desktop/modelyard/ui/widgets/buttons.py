"""Buttons: one primary thing to do on a page, secondary and quiet ones beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from ..design.icons import Icons
from ..design.tokens import Size, Space
from .labels import IconLabel, Text
from .layout import column, row


def button(text: str, on_click: Callable[[], object] | None = None, kind: str = "secondary") -> QPushButton:
    """Kinds: primary, secondary, quiet, danger, fold; link, a quiet one that stands in line with the text above it."""
    made = QPushButton(text)
    _dress(made, kind)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if on_click is not None:
        made.clicked.connect(lambda _checked=False: on_click())
    return made


def _dress(made: QPushButton, kind: str) -> None:
    made.setProperty("kind", kind)
    made.setAutoDefault(True)  # Enter presses it, not only Space
    made.setCursor(Qt.CursorShape.PointingHandCursor)


def icon_button(
    icons: Icons,
    icon: str,
    name: str,
    on_click: Callable[[], object] | None = None,
    *,
    role: str = "muted",
    kind: str = "icon",
    size: int = Size.ICON,
) -> QToolButton:
    """A button that is only a picture: `name` is its tooltip and what a screen reader says."""
    made = QToolButton()
    made.setProperty("kind", kind)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    icons.put(made, icon, role, size)
    if on_click is not None:
        made.clicked.connect(lambda _checked=False: on_click())
    return made


class NameButton(QPushButton):
    """Says a name of any length, shortened in the middle where there is no room; the whole name is its tooltip."""

    def __init__(self, on_click: Callable[[], object], kind: str = "secondary") -> None:
        super().__init__()
        _dress(self, kind)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: on_click())

    def say(self, name: str) -> None:
        self.setText(name)
        self.setToolTip(name)
        self.setMaximumWidth(self.sizeHint().width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setMaximumWidth(self.sizeHint().width())

    def minimumSizeHint(self) -> QSize:
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), 2 * whole.height()), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        if not option.icon.isNull():
            room -= option.iconSize.width() + Space.XS
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class LayoutButton(QPushButton):
    """A button whose face is a layout of other widgets. The face never takes the mouse."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__()
        _dress(self, kind)
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def let_mouse_through(self) -> None:
        """Call when the face is complete."""
        for child in self.findChildren(QWidget):
            if not isinstance(child, QToolButton):
                child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return self.layout().sizeHint() if self.layout() else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.layout().minimumSize() if self.layout() else super().minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        return bool(self.layout() and self.layout().hasHeightForWidth())

    def heightForWidth(self, width: int) -> int:
        return self.layout().heightForWidth(width) if self.layout() else -1


class ChoiceCard(LayoutButton):
    """A big card to choose by: picture, title, one line. Enter and Space press it."""

    def __init__(self, icons: Icons, icon: str, title: str, line: str, on_click: Callable[[], object]) -> None:
        super().__init__("choice", title)
        self.setAccessibleDescription(line)
        heading = Text(title, "heading")
        text = Text(line, "muted")
        face = column(
            row(IconLabel(icons, icon, "accent", Size.ICON_LARGE), None),
            heading,
            text,
            None,
            spacing=Space.S,
            margin=Space.L,
        )
        self.setLayout(face)
        self.let_mouse_through()
        self.clicked.connect(lambda _checked=False: on_click())
