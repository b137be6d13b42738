"""Ollama in the settings: is it here, does it run, where is it; started from here, never ended."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ...engines.base import EngineState, EngineStatus
from ...errors import Action, Code, ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..models.starting import start_engine
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import row

_ENGINE = "ollama"


class OllamaCard(Card):
    """Signals: changed(), when it was started."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(spacing=Space.S)
        self._context = context
        self._call: Call | None = None
        self._picture = IconLabel(context.icons, "info", "muted", Size.ICON)
        self._line = Text(self.tr("Looking for Ollama …"), selectable=True)
        self._start = button(context.words.label("actions", Action.START_OLLAMA.value), self._start_it, "primary")
        self._get = button(context.words.label("actions", Action.GET_OLLAMA.value), self._get_it)
        self._give_up = button(self.tr("Stop waiting"), self._stop_waiting)
        self._again = button(self.tr("Look again"), self.look, "quiet")
        line = row(self._picture, self._line, spacing=Space.M)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.body.addLayout(row(self._start, self._get, self._give_up, self._again, None, spacing=Space.S))
        self._offer()

    def _offer(self, *offered: object) -> None:
        for each in (self._start, self._get, self._give_up, self._again):
            each.setVisible(each in offered)

    def look(self) -> None:
        self._stop()
        engines = self._context.services.engines

        def ask(_token: CancelToken) -> EngineStatus:
            return engines()[_ENGINE].status()

        self._call = in_background(self, ask, self._show, self._fail)

    def _show(self, status: EngineStatus) -> None:
        self._call = None
        match status.state:
            case EngineState.READY:
                text = self.tr("Ollama {version} is running at {address}.")
                self._tell("check", "good", text.format(version=status.version, address=status.address))
                self._offer(self._again)
            case EngineState.STOPPED:
                self._tell("info", "muted", self.tr("Ollama is installed but not running."))
                self._offer(self._start, self._again)
            case EngineState.UNREACHABLE:
                text = self.tr("Nothing that is Ollama answers at {address}.")
                self._tell("warning", "warn", text.format(address=status.address))
                self._offer(self._again)
            case _:
                text = self.tr("Ollama is not on this computer. The built-in engine works without it.")
                self._tell("info", "muted", text)
                self._offer(self._get, self._again)

    def _tell(self, icon: str, role: str, text: str) -> None:
        self._picture.show_icon(icon, role)
        self._line.setText(text)

    def _start_it(self) -> None:
        self._tell("info", "muted", self.tr("Starting Ollama …"))
        self._offer(self._give_up)
        self._call = start_engine(self, self._context, _ENGINE, self._started, self._fail)

    def _started(self, status: EngineStatus) -> None:
        self._show(status)
        self.changed.emit()
        self._context.routes.models_changed.emit()

    def _stop_waiting(self) -> None:
        """It goes on starting; nothing is ended."""
        self.look()

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _get_it(self) -> None:
        self._context.routes.mend_error(Action.GET_OLLAMA, ModelyardError(Code.OLLAMA_MISSING))

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        words = self._context.words.error(error)
        self._tell("error", "bad", f"{words.title}\n{words.reason}".strip())
        self._offer(self._start, self._again)
