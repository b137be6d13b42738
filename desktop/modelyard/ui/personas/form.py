"""The left side of the editor: a persona in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from ...engines.base import InstalledModel
from ...modelfile.persona import Persona
from ..context import Context
from ..design.tokens import Space
from ..widgets.fold import Fold
from ..widgets.layout import BalancedScroll, column
from .base_field import BaseField
from .creativity_field import CreativityField
from .expert_field import ExpertField
from .field import Field
from .history import History
from .identity_field import IdentityField
from .memory_field import MemoryField
from .messages_field import MessagesField
from .role_field import RoleField
from .settings_field import SettingsField
from .stop_field import StopField

_LATER_MS = 350


class PersonaForm(BalancedScroll):
    """Signals: said(what, Persona) when a person changed something.

    Attributes: identity (name and picture), base, memory: the parts that need to know more than the persona.
    """

    said = Signal(str, object)

    def __init__(self, context: Context, history: History) -> None:
        page = QWidget()
        page.setObjectName("page")
        super().__init__(page)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._history = history
        self._waiting: tuple[str, Persona] | None = None
        self.large = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LATER_MS)
        self._timer.timeout.connect(self.flush)
        self.identity = IdentityField(context, history)
        self.base = BaseField(context)
        self.memory = MemoryField(context)
        self._more = SettingsField(context, expert=False)
        self._expert = ExpertField(context)
        self._fields: tuple[Field, ...] = (
            RoleField(context),
            CreativityField(context),
            self.memory,
            MessagesField(context, self._watch),
            StopField(context),
            self.base,
            self._more,
            self._expert,
        )
        body = column(self.identity, *self._fields[:6], spacing=Space.XL, margin=Space.L)
        body.addLayout(
            column(
                Fold(context.icons, self.tr("More settings"), self._more),
                Fold(context.icons, self.tr("Expert"), self._expert),
                spacing=Space.S,
            )
        )
        body.addStretch(1)
        page.setLayout(body)
        for field in self._fields:
            field.said.connect(self._take)
        self._watch(self)

    def show_persona(self, persona: Persona) -> None:
        if self._waiting is None:
            for field in self._fields:
                field.show_persona(persona)

    def show_models(self, models: Sequence[InstalledModel]) -> None:
        self.base.show_models(models)

    def begin(self) -> None:
        """The keys go to the role, from the top."""
        self.verticalScrollBar().setValue(0)
        self._fields[0].setFocus()

    def flush(self) -> None:
        """Tells now what waits to be told."""
        self._timer.stop()
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.said.emit(*waiting)

    def _take(self, what: str, persona: Persona) -> None:
        for field in self._fields:
            field.persona = persona
        if self._waiting is not None and self._waiting[0] != what:
            self.flush()
        self._waiting = (what, persona)
        if self.large:
            self._timer.start()
        else:
            self.flush()

    def _watch(self, root: QWidget) -> None:
        """Undo in every field is the editor's."""
        for kind in (QLineEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox):
            for each in root.findChildren(kind):
                each.installEventFilter(self._history)
