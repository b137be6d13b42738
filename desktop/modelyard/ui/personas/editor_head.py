"""The bar above the editor: back, what it is, what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QMenu

from ...modelfile.cards.exchange import CardKind
from ..context import Context
from ..design.tokens import Space
from ..widgets.buttons import button, icon_button
from ..widgets.labels import ElidedText
from ..widgets.layout import column, row
from .history import History


class EditorHead(QFrame):
    """Signals: back(), save(), apply(), chat(), duplicate(), delete(), revert(), export(CardKind), show_folder()."""

    back = Signal()
    save = Signal()
    apply = Signal()
    chat = Signal()
    duplicate = Signal()
    delete = Signal()
    revert = Signal()
    export = Signal(object)
    show_folder = Signal()

    def __init__(self, context: Context, history: History) -> None:
        super().__init__()
        self.setObjectName("head")
        self._history = history
        self._stored = False
        self._name = ElidedText("", "heading")
        self._state = ElidedText("", "caption")
        words = column(self._name, self._state, spacing=0)
        self._save = button(self.tr("Save"), self.save.emit)
        self._chat = button(self.tr("Chat now"), self.chat.emit)
        self._chat.setToolTip("Ctrl+Shift+Enter")
        self._chat.hide()
        self._apply = button(self.tr("Apply to a model"), self.apply.emit, "primary")
        self._apply.setToolTip("Ctrl+Enter")
        self._more = icon_button(context.icons, "more", self.tr("More"), self._menu)
        line = row(
            icon_button(context.icons, "back", self.tr("Back to all personas"), self.back.emit),
            words,
            self._save,
            self._chat,
            self._apply,
            self._more,
            spacing=Space.S,
        )
        line.setStretch(1, 1)
        line.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        self.setLayout(line)

    def show_state(self, name: str, *, changed: bool, stored: bool, model: str) -> None:
        """`model`: the shown name of the model that has the persona, "" for none."""
        self._stored = stored
        self._name.setText(name or self.tr("A new persona"))
        if changed:
            state = self.tr("Not saved yet")
        elif model:
            state = self.tr("Lives in {model}").format(model=model)
        else:
            state = self.tr("Saved") if stored else self.tr("Nothing changed yet")
        self._state.setText(state)
        self._save.setEnabled(changed or not stored)
        self._apply.setText(
            self.tr("Update {model}").format(model=_short(model)) if model else self.tr("Apply to a model")
        )
        self._chat.setVisible(bool(model))

    def show_busy(self, busy: bool) -> None:
        self._apply.setEnabled(not busy)
        if busy:
            self._state.setText(self.tr("Giving it to the model …"))

    @property
    def state(self) -> str:
        return self._state.text()

    def _menu(self) -> None:
        menu = QMenu(self)
        self._add(menu, self.tr("Undo"), self._history.undo, QKeySequence.StandardKey.Undo, self._history.can_undo)
        self._add(menu, self.tr("Redo"), self._history.redo, QKeySequence.StandardKey.Redo, self._history.can_redo)
        self._add(menu, self.tr("Back to how it was opened"), self.revert.emit, None, True)
        menu.addSeparator()
        share = menu.addMenu(self.tr("Save as a file"))
        for kind, text in (
            (CardKind.MODELFILE, self.tr("Modelfile")),
            (CardKind.CHARACTER_PNG, self.tr("Character card with picture (PNG)")),
            (CardKind.CHARACTER_JSON, self.tr("Character card (JSON)")),
            (CardKind.LM_STUDIO, self.tr("LM Studio preset")),
            (CardKind.OPEN_WEBUI, self.tr("Open WebUI model")),
        ):
            share.addAction(text, lambda kind=kind: self.export.emit(kind))
        self._add(menu, self.tr("Show its folder"), self.show_folder.emit, None, self._stored)
        menu.addSeparator()
        self._add(menu, self.tr("Duplicate"), self.duplicate.emit, None, True)
        self._add(menu, self.tr("Delete"), self.delete.emit, None, True)
        menu.exec(self._more.mapToGlobal(QPoint(self._more.width() - menu.sizeHint().width(), self._more.height())))
        menu.deleteLater()

    def _add(
        self, menu: QMenu, text: str, run: Callable[[], object], key: QKeySequence.StandardKey | None, able: bool
    ) -> None:
        action = menu.addAction(text, lambda: run())
        action.setEnabled(able)
        if key is not None:
            action.setShortcut(QKeySequence(key))


def _short(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:20]}…"
