"""What one conversation is set to, in plain words: who the model is, how it answers, how much it keeps in mind."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QPlainTextEdit, QWidget

from ...chat.values import OptionValue
from ...engines.base import InstalledModel
from ...modelfile.parameters import PARAMETERS
from ...modelfile.persona import Persona
from ..context import Context
from ..design.tokens import Space
from ..models.listing import shown_name
from ..widgets.buttons import NameButton, button, icon_button
from ..widgets.fitting import KeepsWidth
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage, column, row
from .asking import THINK
from .option_rows import OptionRow

_WIDTH = 340
_FIRST = ("temperature", "num_predict", "num_ctx")
_DELAY_MS = 500


class OptionsPanel(QFrame):
    """Signals: changed(system, options) a moment after the last change; closed(); choose_model(); persona(Persona)."""

    changed = Signal(str, object)
    closed = Signal()
    choose_model = Signal()
    persona = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._model: InstalledModel | None = None
        self._kept: dict[str, OptionValue] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._tell)
        words = context.words
        self._model_name = NameButton(self.choose_model.emit)
        self._role = QPlainTextEdit()
        self._role.setObjectName("field")
        self._role.setTabChangesFocus(True)
        self._role.setAccessibleName(self.tr("Role and rules"))
        self._role.setFixedHeight(132)
        self._role.textChanged.connect(self._timer.start)
        shown = [name for name, parameter in PARAMETERS.items() if not parameter.expert]
        self._rows = {name: OptionRow(words, name) for name in shown}
        for each in self._rows.values():
            each.changed.connect(self._timer.start)
        more = QWidget()
        more.setLayout(column(*(self._rows[name] for name in shown if name not in _FIRST), spacing=Space.L))
        self._think = QComboBox()
        for text, value in (
            (self.tr("As the model likes"), None),
            (self.tr("Think first"), True),
            (self.tr("Answer at once"), False),
        ):
            self._think.addItem(text, value)
        self._think.setAccessibleName(self.tr("Thinking"))
        self._think.currentIndexChanged.connect(lambda _index: self._timer.start())
        self._think_row = QWidget()
        self._think_row.setLayout(column(Text(self.tr("Thinking")), self._think, spacing=Space.XS))
        scroll = ScrollPage()
        body = scroll.body
        scroll.widget().layout().setContentsMargins(Space.L, Space.S, Space.L, Space.L)
        for item in (
            column(Text(self.tr("Model"), "strong"), self._model_name, spacing=Space.XS),
            column(
                Text(self.tr("Role and rules"), "strong"),
                self._role,
                Text(self.tr("Who the model is and how it behaves in this conversation."), "caption"),
                spacing=Space.XS,
            ),
        ):
            body.addLayout(item)
        for name in _FIRST:
            body.addWidget(self._rows[name])
        body.addWidget(self._think_row)
        body.addWidget(Fold(context.icons, self.tr("More settings"), more))
        body.addWidget(button(self.tr("Make a persona of these settings"), self._make_persona))
        body.addStretch(1)
        close = icon_button(context.icons, "close", self.tr("Close"), self.closed.emit, size=16)
        head = row(Text(self.tr("This conversation"), "heading"), close)
        head.setStretch(0, 1)
        head.setContentsMargins(Space.L + scroll.room, Space.S, Space.S, 0)  # in line with what scrolls
        whole = column(head, scroll, spacing=Space.S)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        KeepsWidth(scroll, _WIDTH, self.setFixedWidth)

    def show_model(self, model: InstalledModel | None, own: Persona | None = None) -> None:
        """`own`: what the model brings itself."""
        self._model = model
        name = shown_name(model) if model else self.tr("Choose a model")
        self._model_name.say(name)
        self._model_name.setAccessibleName(self.tr("Model: {name}").format(name=name))
        self._think_row.setVisible(model is not None and "thinking" in model.capabilities)
        role = own.system[:400] if own is not None else ""
        self._role.setPlaceholderText(role or self.tr("For example: You are a patient teacher. Explain step by step."))

    def show_values(self, system: str, options: Mapping[str, OptionValue]) -> None:
        if self._timer.isActive():
            return  # being changed just now
        self._kept = {name: value for name, value in options.items() if name not in (*self._rows, THINK)}
        if self._role.toPlainText() != system:
            with QSignalBlocker(self._role):
                self._role.setPlainText(system)
        for name, each in self._rows.items():
            each.set_value(options.get(name))
        with QSignalBlocker(self._think):
            self._think.setCurrentIndex(max(0, self._think.findData(options.get(THINK))))

    def flush(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self._tell()

    @property
    def options(self) -> dict[str, OptionValue]:
        values = {name: each.value for name, each in self._rows.items()} | {THINK: self._think.currentData()}
        return self._kept | {name: value for name, value in values.items() if value is not None}

    def _tell(self) -> None:
        self.changed.emit(self._role.toPlainText().strip(), self.options)

    def _make_persona(self) -> None:
        options = {name: value for name, value in self.options.items() if name in PARAMETERS}
        base = self._model.name if self._model else ""
        self.persona.emit(Persona(system=self._role.toPlainText().strip(), parameters=options, base=base))
