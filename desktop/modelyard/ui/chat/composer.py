"""Where one writes: grows with the text, Enter sends, Shift+Enter begins a new line; the model is chosen under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QPushButton

from ...engines.base import InstalledModel
from ..design.icons import Icons
from ..design.tokens import Size, Space
from ..models.listing import shown_name
from ..widgets.buttons import button, icon_button
from ..widgets.labels import set_property
from ..widgets.layout import column, row

_MOST_LINES = 9
_DRAFT_MS = 900
_LONGEST = 400_000  # characters; far beyond any conversation memory


class _Field(QPlainTextEdit):
    """Signals: send() on Enter."""

    send = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.send.emit()
            return
        super().keyPressEvent(event)


class Composer(QFrame):
    """Signals: sent(text), stop(), model_chosen(InstalledModel), draft(text) about a second after the last key."""

    sent = Signal(str)
    stop = Signal()
    model_chosen = Signal(object)
    draft = Signal(str)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("composer")
        self._icons = icons
        self._busy = False
        self._ready = False
        self._waiting = False  # Enter was pressed before the models were known
        self.field = _Field()
        self.field.setPlaceholderText(self.tr("Write a message"))
        self.field.setAccessibleName(self.tr("Message"))
        self.field.setTabChangesFocus(True)
        self.field.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.field.document().setDocumentMargin(2)
        self.field.send.connect(self._send)
        self.field.textChanged.connect(self._changed)
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(_DRAFT_MS)
        self._draft_timer.timeout.connect(lambda: self.draft.emit(self.field.toPlainText()))
        self.field.installEventFilter(self)
        self._model: QPushButton = button("", None, "quiet")
        self._menu = QMenu(self)
        self._model.setMenu(self._menu)
        self._send_button = icon_button(icons, "send", self.tr("Send"), self._press, role="on_accent", kind="send")
        self._send_button.setFixedSize(Size.CONTROL, Size.CONTROL)
        line = row(self._model, None, self._send_button, spacing=Space.S)
        body = column(self.field, line, spacing=0)
        body.setContentsMargins(Space.M, Space.S, Space.S, Space.S)
        self.setLayout(body)
        self.setFocusProxy(self.field)
        self._fit()
        self._update()

    # --- the model -----------------------------------------------------------------------------------------------
    def show_models(self, models: Sequence[InstalledModel], current: InstalledModel | None) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        for model in models:
            action = QAction(shown_name(model), self._menu)
            action.setCheckable(True)
            action.setChecked(model == current)
            action.triggered.connect(lambda _checked=False, model=model: self.model_chosen.emit(model))
            group.addAction(action)
            self._menu.addAction(action)
        name = shown_name(current) if current else self.tr("Choose a model")
        self._model.setText(name if len(name) <= 42 else name[:20] + "…" + name[-20:])
        self._model.setAccessibleName(self.tr("Model: {name}").format(name=name))
        self._model.setVisible(bool(models))
        self._ready = current is not None
        self._update()
        if self._waiting and self._ready:
            self._send()

    # --- writing ---------------------------------------------------------------------------------------------------
    def set_busy(self, busy: bool) -> None:
        """While an answer is written the button stops it."""
        self._busy = busy
        self._icons.put(self._send_button, "stop" if busy else "send", "on_accent", Size.ICON)
        name = self.tr("Stop") if busy else self.tr("Send")
        self._send_button.setToolTip(name)
        self._send_button.setAccessibleName(name)
        self._update()

    def write(self, text: str) -> None:
        """Puts a text to begin with."""
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.field.setFocus()

    def _press(self) -> None:
        if self._busy:
            self.stop.emit()
        else:
            self._send()

    def _send(self) -> None:
        text = self.field.toPlainText().strip()
        self._waiting = bool(text) and not self._ready
        if text and self._ready and not self._busy:
            self.field.clear()
            self._draft_timer.stop()
            self.sent.emit(text)

    def _changed(self) -> None:
        if self.field.document().characterCount() > _LONGEST:
            self.field.undo()
        self._fit()
        self._update()
        if self.field.hasFocus():
            self._draft_timer.start()

    def _update(self) -> None:
        self._send_button.setEnabled(self._busy or (self._ready and bool(self.field.toPlainText().strip())))
        role = "on_accent" if self._send_button.isEnabled() else "muted"
        self._icons.put(self._send_button, "stop" if self._busy else "send", role, Size.ICON)

    def _fit(self) -> None:
        lines = min(_MOST_LINES, max(1, int(self.field.document().size().height())))
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * lines + 2 * Space.S)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self, "focused", event.type() == QEvent.Type.FocusIn)
        elif event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return self.layout().sizeHint()
