"""Welcome: what is here already, the language, and the two ways to begin."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from ... import APP_NAME
from ...engines.base import EngineState, EngineStatus
from ...errors import ModelyardError
from ...events import CancelToken
from ..background import in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..first_paint import after_first_paint
from ..routes import Place
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import ScrollPage, clear, column, row
from .sources import SourceChoice


class WelcomeView(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        scroll = ScrollPage(620)
        body = scroll.body
        mark = IconLabel(context.icons, "modelyard", "accent", 56)
        title = Text(self.tr("Welcome to {name}").format(name=APP_NAME), "display")
        line = Text(self.tr("Bring a language model home and talk to it. Everything stays on this computer."), "muted")
        for each in (title, line):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._language = QComboBox()
        self._language.setAccessibleName(self.tr("Language"))
        for key, name in (("system", self.tr("As the system")), ("en", "English"), ("zh_CN", "简体中文")):
            self._language.addItem(name, key)
        chosen = context.services.settings.text("language")
        self._language.setCurrentIndex(max(0, self._language.findData(chosen)))
        self._language.activated.connect(self._speak)
        language = row(Text(self.tr("Language"), wrap=False), None, self._language)
        self._engines = column(spacing=Space.S)
        self._engines.addWidget(Text(self.tr("Looking for engines …"), "muted"))
        start = button(self.tr("Import a model"), self._import, "primary")
        sample = button(self.tr("Try a small sample model (about 0.1 GB)"), self._sample)
        later = button(self.tr("Look around first"), self._look_around, "quiet")
        body.addStretch(1)
        body.addLayout(row(None, mark, None))
        body.addWidget(title)
        body.addWidget(line)
        body.addSpacing(Space.S)
        source = SourceChoice(context)
        self._language.setMinimumWidth(source.box_width)
        body.addWidget(Card(language, source))
        body.addWidget(Card(self._engines))
        body.addSpacing(Space.S)
        for each in (start, sample, later):  # below each other: they are long in many languages
            body.addLayout(row(None, each, None))
        body.addStretch(2)
        self.setLayout(column(scroll))
        after_first_paint(self, self._ask_engines)

    def _ask_engines(self) -> None:
        engines = self._context.services.engines

        def look(_token: CancelToken) -> list[EngineStatus]:
            return [engine.status() for engine in engines().values()]

        in_background(self, look, self._show_engines, self._no_engines)

    def _show_engines(self, statuses: list[EngineStatus]) -> None:
        clear(self._engines)
        for status in statuses:
            good = status.state is EngineState.READY
            line = row(
                IconLabel(self._context.icons, "check" if good else "info", "good" if good else "muted", Size.ICON),
                Text(self._engine_line(status)),
                spacing=Space.M,
            )
            line.setStretch(1, 1)
            self._engines.addLayout(line)

    def _no_engines(self, error: ModelyardError) -> None:
        clear(self._engines)
        self._engines.addWidget(self._context.error_panel(error))

    def _engine_line(self, status: EngineStatus) -> str:
        if status.engine == "builtin":
            if status.state is EngineState.READY:
                return self.tr("The built-in engine is ready. Nothing else needs to be installed.")
            return self.tr("The built-in engine cannot start: {detail}").format(detail=status.detail)
        match status.state:
            case EngineState.READY:
                return self.tr("Ollama {version} is running.").format(version=status.version)
            case EngineState.STOPPED:
                return self.tr("Ollama is installed but not running. It can be started when needed.")
            case EngineState.UNREACHABLE:
                return self.tr("Ollama does not answer at {address}.").format(address=status.address)
            case _:
                return self.tr("Ollama is not installed. That is fine: it is not needed.")

    def _speak(self, index: int) -> None:
        self._keep("language", str(self._language.itemData(index)))

    def _import(self) -> None:
        self._keep("welcomed", True)
        self._context.routes.import_text.emit("")

    def _sample(self) -> None:
        self._keep("welcomed", True)
        self._context.routes.import_text.emit(self._context.services.sample_model)

    def _look_around(self) -> None:
        self._keep("welcomed", True)
        self._context.routes.go.emit(Place.CHAT)

    def _keep(self, key: str, value: str | bool) -> None:
        try:
            self._context.services.settings.set(key, value)
        except OSError:
            pass  # asked again at the next start
