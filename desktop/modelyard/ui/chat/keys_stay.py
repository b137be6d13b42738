"""The keys of a page go on working when what had the focus goes away."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget


class KeysStay(QObject):
    """When a widget inside `page` that has the focus is hidden, disabled or deleted, Qt gives the focus to whatever
    comes next, perhaps outside the page, where the page's shortcuts do nothing. Then `home` gets it."""

    def __init__(self, page: QWidget, home: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._home = home
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._changed)

    def _changed(self, old: QWidget | None, _new: QWidget | None) -> None:
        if old is not None and shiboken6.isValid(old) and self._page.isAncestorOf(old):
            QTimer.singleShot(0, self, lambda: self._look(old))

    def _look(self, old: QWidget) -> None:
        """After all that happens at once has happened."""
        gone = not shiboken6.isValid(old) or not old.isVisible() or not old.isEnabled()
        focus = QApplication.focusWidget()
        inside = focus is not None and self._page.isAncestorOf(focus)
        if gone and not inside and self._page.isVisible() and self._home.isVisible() and self._in_front():
            self._home.setFocus()

    def _in_front(self) -> bool:
        """Not while a dialog has the keys, or another window."""
        return QApplication.activeModalWidget() is None and self._page.window().isActiveWindow()
