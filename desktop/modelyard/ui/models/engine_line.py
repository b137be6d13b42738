"""A calm line about an engine that cannot be asked, with the way out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...engines.base import EngineState, EngineStatus
from ...errors import Action, Code, ModelyardError
from ..context import Context
from ..design.tokens import Size, Space
from ..widgets.buttons import button
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row
from .starting import start_engine


class EngineLine(QWidget):
    """Signals: started(); failed(ModelyardError)."""

    started = Signal()
    failed = Signal(object)

    def __init__(self, context: Context, status: EngineStatus) -> None:
        super().__init__()
        self._context = context
        self._engine = status.engine
        self._text = Text(self._say(status), "muted")
        line = row(IconLabel(context.icons, "info", "muted", Size.ICON), self._text, spacing=Space.S)
        line.setStretch(1, 1)
        self._button = button("", self._press, "quiet")
        self._action = _WAYS.get(status.state, Action.NONE) if status.engine == "ollama" else Action.NONE
        if self._action is not Action.NONE:
            self._button.setText(context.words.label("actions", self._action.value))
            line.addWidget(self._button)
        self.setLayout(line)

    def _say(self, status: EngineStatus) -> str:
        if status.engine != "ollama":
            name = self.tr("The built-in engine") if status.engine == "builtin" else status.engine
            return self.tr("{engine} does not answer; its models are not shown.").format(engine=name)
        match status.state:
            case EngineState.STOPPED:
                return self.tr("Ollama is not running; its models are not shown.")
            case EngineState.MISSING:
                return self.tr("Ollama is not on this computer. The built-in engine works without it.")
            case _:
                return self.tr("Ollama at {address} does not answer; its models are not shown.").format(
                    address=status.address
                )

    def _press(self) -> None:
        if self._action is not Action.START_OLLAMA:
            self._context.routes.mend_error(self._action, ModelyardError(Code.OLLAMA_MISSING))
            return
        self._button.setEnabled(False)
        self._text.setText(self.tr("Starting Ollama …"))
        start_engine(self, self._context, self._engine, lambda _status: self.started.emit(), self._failed)

    def _failed(self, error: ModelyardError) -> None:
        self._button.setEnabled(True)
        self._text.setText(self.tr("Ollama is not running; its models are not shown."))
        self.failed.emit(error)


_WAYS = {
    EngineState.STOPPED: Action.START_OLLAMA,
    EngineState.MISSING: Action.GET_OLLAMA,
    EngineState.UNREACHABLE: Action.OPEN_SETTINGS,
}
