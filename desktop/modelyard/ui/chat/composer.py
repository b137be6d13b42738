"""Where one writes: the field, what is attached, the model, and the button that sends or stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from ...chat.values import Attachment
from ...engines.base import InstalledModel
from ..context import Context
from ..design.tokens import Size, Space
from ..models.listing import shown_name
from ..widgets.buttons import NameButton, icon_button
from ..widgets.labels import Text, set_property
from ..widgets.layout import clear, column, row
from ..widgets.scrolling import Scroll
from .attachment_chip import AttachmentChip
from .field import MessageField

_MOST_LINES = 9
_DRAFT_MS = 700


class Composer(QFrame):
    """Signals: sent(text), stop(), model_chosen(InstalledModel), compared(InstalledModel | None), draft(text) soon
    after the last key, attach() for the file dialog, detached(attachment id).

    Attributes: field.
    """

    sent = Signal(str)
    stop = Signal()
    model_chosen = Signal(object)
    compared = Signal(object)
    draft = Signal(str)
    attach = Signal()
    detached = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("composer")
        self._context = context
        self._icons = icons = context.icons
        self._busy = self._ready = self._wanted = False
        self._attachments: tuple[Attachment, ...] = ()
        self._models: list[InstalledModel] = []
        self._current: InstalledModel | None = None
        self.second: InstalledModel | None = None
        self.field = MessageField()
        self.field.send.connect(self._send)
        self.field.textChanged.connect(self._changed)
        self.field.installEventFilter(self)
        self._draft_timer = QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(_DRAFT_MS)
        self._draft_timer.timeout.connect(self._keep_draft)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(Space.S)
        self._chips.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        inner.setObjectName("page")
        inner.setLayout(self._chips)
        self._strip = Scroll(inner, Qt.Orientation.Horizontal)
        self._strip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._strip.hide()
        self._note = Text("", "caption")
        self._note.hide()
        self._attach_button = icon_button(icons, "file", self.tr("Attach pictures or files"), self.attach.emit, size=18)
        self._model = NameButton(self._model_menu, "quiet")
        self._model.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow stands behind the name
        icons.put(self._model, "down", "accent_text", Size.ICON - 6)
        self._send_button = icon_button(icons, "send", self.tr("Send"), self._press, role="on_accent", kind="send")
        line = row(self._attach_button, self._model, Space.S, None, self._send_button, spacing=0)
        body = column(self._strip, self._note, self.field, line, spacing=Space.XS)
        body.setContentsMargins(Space.M, Space.S, Space.S, Space.S)
        self.setLayout(body)
        self.setFocusProxy(self.field)
        self._fit()
        self._update()

    # --- the model -----------------------------------------------------------------------------------------------
    def show_models(self, models: Sequence[InstalledModel], current: InstalledModel | None) -> None:
        self._models = list(models)
        self._current = current
        if self.second not in self._models:
            self.second = None
        name = shown_name(current) if current else self.tr("Choose a model")
        whole = f"{name}  +  {shown_name(self.second)}" if self.second else name
        self._model.say(whole)
        self._model.setAccessibleName(self.tr("Model: {name}").format(name=whole))
        self._model.setVisible(bool(models))
        self._ready = current is not None
        sees = current is not None and "vision" in current.capabilities
        hint = self.tr("Attach pictures or files") if sees else self.tr("Attach files (this model sees no pictures)")
        self._attach_button.setToolTip(hint)
        self._attach_button.setAccessibleName(hint)
        self._update()
        if self._wanted and self._ready:
            self._wanted = False
            self._send()

    def open_model_menu(self) -> None:
        self._model_menu()

    def _model_menu(self) -> None:
        menu = QMenu(self)
        self._fill(menu, self._models, self._current, self.model_chosen.emit)
        others = [model for model in self._models if model != self._current]
        if others and self._current is not None:
            menu.addSeparator()
            compare = menu.addMenu(self.tr("Compare with"))
            none = compare.addAction(self.tr("Nothing"), lambda: self._compare(None))
            none.setCheckable(True)
            none.setChecked(self.second is None)
            self._fill(compare, others, self.second, self._compare)
        menu.exec(self._model.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        menu.deleteLater()

    def _fill(
        self,
        menu: QMenu,
        models: Sequence[InstalledModel],
        current: InstalledModel | None,
        chosen: Callable[[InstalledModel], object],
    ) -> None:
        group = QActionGroup(menu)
        for model in models:
            label = shown_name(model) + (f"   {model.size_label}" if model.size_label else "")
            action = QAction(label, menu)
            action.setCheckable(True)
            action.setChecked(model == current)
            action.triggered.connect(lambda _checked=False, model=model: chosen(model))
            group.addAction(action)
            menu.addAction(action)

    def _compare(self, model: InstalledModel | None) -> None:
        self.second = model
        self.compared.emit(model)
        self.show_models(self._models, self._current)

    # --- attachments -----------------------------------------------------------------------------------------------
    def show_attachments(self, attachments: Sequence[Attachment]) -> list[AttachmentChip]:
        """Returns the chips of pictures, which wait for their small pictures."""
        clear(self._chips)
        self._attachments = tuple(attachments)
        waiting: list[AttachmentChip] = []
        for one in attachments:
            chip = AttachmentChip(self._context, one, removable=True)
            chip.removed.connect(self.detached)
            chip.setProperty("attachment", one.id)
            self._chips.addWidget(chip)
            if one.media_type.startswith("image/"):
                waiting.append(chip)
        self._chips.addStretch(1)
        self._strip.setVisible(bool(attachments))
        QTimer.singleShot(0, self, self.fit_strip)
        self._update()
        return waiting

    def fit_strip(self) -> None:
        """As high as the highest chip."""
        self._strip.setFixedHeight(self._chips.sizeHint().height() + self._strip.room)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return self._attachments

    def say(self, text: str) -> None:
        """A note above the field; "" takes it away."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    # --- writing ---------------------------------------------------------------------------------------------------
    def set_busy(self, busy: bool) -> None:
        """While an answer is written the button stops it."""
        if busy != self._busy:
            self._busy = busy
            name = self.tr("Stop") if busy else self.tr("Send")
            self._send_button.setToolTip(name)
            self._send_button.setAccessibleName(name)
            self._update()

    def write(self, text: str) -> None:
        """Puts a text to begin with."""
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self._draft_timer.stop()

    def flush(self) -> None:
        """Keeps the draft now if it waits to be kept."""
        if self._draft_timer.isActive():
            self._draft_timer.stop()
            self._keep_draft()

    def _keep_draft(self) -> None:
        self.draft.emit(self.field.toPlainText())

    def _press(self) -> None:
        if self._busy:
            self.stop.emit()
        else:
            self._send()

    def _send(self) -> None:
        text = self.field.toPlainText().strip()
        if not (text or self._attachments) or self._busy:
            return
        if not self._ready:
            self._wanted = not self._models  # Enter before the models are known is not lost
            return
        self._draft_timer.stop()
        self.sent.emit(text)

    def _changed(self) -> None:
        self._fit()
        self._update()
        self._draft_timer.start()

    def _update(self) -> None:
        something = bool(self._attachments) or bool(self.field.toPlainText().strip())
        self._send_button.setEnabled(self._busy or (self._ready and something))
        role = "on_accent" if self._send_button.isEnabled() else "muted"
        self._icons.put(self._send_button, "stop" if self._busy else "send", role, Size.ICON)

    def _fit(self) -> None:
        lines = min(_MOST_LINES, max(1, int(self.field.document().size().height())))
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * lines + 2 * Space.S)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            set_property(self, "focused", event.type() == QEvent.Type.FocusIn)
        elif event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange):
            self._fit()
            self.fit_strip()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return self.layout().sizeHint()
