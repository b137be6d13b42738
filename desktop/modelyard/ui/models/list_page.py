"""Models: what is installed in every engine, with search, and beside it the chosen one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QVBoxLayout, QWidget

from ...engines.base import EngineState, InstalledModel
from ...errors import Action, ModelyardError
from ...importing.jobs import Job, JobState
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import EmptyState
from ..widgets.labels import Text
from ..widgets.layout import centred, clear, column, row
from .actions import ModelActions
from .engine_line import EngineLine
from .library import EngineView, Entry, Order, look_at_engine, wanted
from .list_view import ModelListView
from .offers import MoveOffers
from .panel import ModelPanel
from .pull_card import PullCard

WIDTH = 1080
_REST_MS = 30
_EVERY_MS = 10_000  # models come, go and are loaded by other programs too


class ModelListPage(Page):
    """Signals: free_space(); publish(Entry).

    Attributes: list, actions, pull_card.
    """

    free_space = Signal()
    publish = Signal(object)

    def __init__(self, context: Context) -> None:
        self._views: dict[str, EngineView] = {}
        self._calls: dict[str, Call] = {}
        self._asked = False
        self._goal: tuple[str, str] | None = None  # the model to choose as soon as it is in the list
        self._shown_lines: tuple[object, ...] = ()
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search models"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(lambda _text: self._draw())
        self._order = QComboBox()
        self._order.setAccessibleName(self.tr("Sort by"))
        names = {
            Order.NAME: self.tr("By name"),
            Order.NEWEST: self.tr("Newest first"),
            Order.LARGEST: self.tr("Largest first"),
            Order.SMALLEST: self.tr("Smallest first"),
        }
        for order, name in names.items():
            self._order.addItem(name, order)
        self._order.currentIndexChanged.connect(lambda _index: self._draw())
        self._count = Text("", "caption", wrap=False)
        self.list = ModelListView(context)
        self._panel = ModelPanel(context)
        self._nothing = Text(self.tr("Nothing found."), "muted")
        self._lines = QVBoxLayout()
        self._problems = QVBoxLayout()
        self._offers = MoveOffers(context)
        self.pull_card = PullCard(context)
        self._tidy = button(self.tr("Free up space"), lambda: self.free_space.emit())
        new = button(self.tr("Import a model"), lambda: context.routes.import_text.emit(""), "primary")
        self._pull = button(self.tr("Ollama library"), self.pull_card.open)
        self._pull.hide()
        title, under = self.tr("Models"), self.tr("Everything that can answer on this computer.")
        super().__init__(context, title, under, self._content(), self._pull, new, width=WIDTH)
        self.actions = ModelActions(context, self)
        self._empty = EmptyState(
            context.icons,
            "models",
            self.tr("No model yet"),
            self.tr("Bring one home: a file, a folder or a Hugging Face link. It stays on this computer."),
            button(self.tr("Import a model"), lambda: context.routes.import_text.emit(""), "primary"),
        )
        self._header_import = new
        self.states.addWidget(self._empty)
        self.states.show_busy(self.tr("Asking the engines …"))
        self._connect()

    def _content(self) -> QWidget:
        tools = row(self._search, self._order, self._count, None, self._tidy, spacing=Space.M)
        self._search.setMinimumWidth(140)
        self._search.setMaximumWidth(320)
        tools.setStretch(0, 2)
        tools.setStretch(3, 1)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        models = column(self.list, self._nothing, spacing=0)
        models.setStretch(0, 1)
        both = row(models, self._panel, spacing=Space.L)
        both.setStretch(0, 1)
        above = column(self._problems, self._offers, self.pull_card, tools, spacing=Space.M)
        for each in (above, self._lines):
            each.setContentsMargins(0, 0, self._panel.room, 0)  # the panel's scroll bar stands beside the column
        body = column(above, both, self._lines, spacing=Space.M)
        body.setStretch(1, 1)
        content = QWidget()
        content.setLayout(centred(body, WIDTH, Space.L, bar=self._panel.room))
        return content

    def _connect(self) -> None:
        self._rest = QTimer(self)  # while an arrow key is held down only the list moves
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._show_chosen)
        self.list.chosen.connect(lambda _entry: self._rest.start())
        self.list.opened.connect(self.actions.open)
        self.list.rename.connect(lambda entry: None if entry.model.remote else self.actions.rename(entry))
        self.list.remove.connect(self.actions.remove)
        self.list.menu.connect(self._menu)
        self._panel.unload.connect(self.actions.unload)
        self.actions.failed.connect(self._show_problem)
        self.actions.changed.connect(self._changed)
        self.actions.publish.connect(self.publish)
        self.pull_card.pulled.connect(self._pulled)
        self._offers.remove.connect(self.actions.remove_now)
        self._offers.moved.connect(self.refresh)
        self.context.routes.models_changed.connect(self._refresh_if_seen)
        self.context.jobs.changed.connect(self._job_changed)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._search.setFocus)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self, self.refresh)

    # --- asking ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Asks every engine by itself: one that does not answer keeps nobody waiting."""
        services = self.context.services
        if self._asked:
            for engine_id in list(self._views):
                self._ask(engine_id)
        elif "" not in self._calls:
            self._calls[""] = in_background(
                self, lambda _token: tuple(services.engines()), self._know_engines, self.states.show_error
            )

    def _know_engines(self, ids: tuple[str, ...]) -> None:
        self._calls.pop("", None)
        self._asked = True
        for engine_id in ids:
            self._ask(engine_id)

    def _ask(self, engine_id: str) -> None:
        if engine_id in self._calls:
            return
        services = self.context.services

        def ended(view: EngineView) -> None:
            self._calls.pop(engine_id, None)
            self._views[engine_id] = view
            self._draw()

        def failed(error: ModelyardError) -> None:
            self._calls.pop(engine_id, None)
            self._show_problem(error)

        self._calls[engine_id] = in_background(
            self, lambda _token: look_at_engine(services.engines()[engine_id], services.machine()), ended, failed
        )

    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self.refresh()

    def _job_changed(self, job: Job) -> None:
        if job.state is JobState.DONE:
            self._refresh_if_seen()

    def _changed(self, goal: tuple[str, str] | None) -> None:
        self._goal = goal
        self.context.routes.models_changed.emit()
        self.refresh()

    def _pulled(self, model: InstalledModel) -> None:
        self.context.routes.toast.emit(self.tr("{name} is here.").format(name=model.name))
        self._changed((model.engine, model.name))

    # --- showing -----------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        entries = [entry for view in self._views.values() for entry in view.entries]
        self.actions.statuses = {engine: view.status for engine, view in self._views.items()}
        self.actions.taken = frozenset(entry.key for entry in entries)
        shown = wanted(entries, self._search.text(), self._order.currentData())
        self.list.show_entries(shown)
        if self._goal is not None and self._goal in self.actions.taken:
            self.list.choose(self._goal)
            self._goal = None
        self.list.setVisible(bool(shown))
        self._panel.setVisible(bool(shown))
        self._nothing.setVisible(not shown and bool(entries))
        self._count.setText(self._counted(len(shown)))
        self._draw_lines()
        ollama = self._views.get("ollama")
        self._pull.setVisible(ollama is not None and ollama.status.state is EngineState.READY)
        self._header_import.setVisible(bool(entries))
        if entries or self.pull_card.isVisible():
            self.states.show_content()
        elif not self._calls:
            self.states.setCurrentWidget(self._empty)

    def _counted(self, count: int) -> str:
        text = self.tr("1 model") if count == 1 else self.tr("{n} models").format(n=count)
        return joined(text, self._elsewhere())

    def _elsewhere(self) -> str:
        """Which server, where it is another than this computer's own."""
        view, chosen = self._views.get("ollama"), self.context.services.settings.text("ollama_address")
        if not chosen or view is None or view.status.state is not EngineState.READY:
            return ""
        return self.tr("Ollama at {address}").format(address=view.status.address.partition("://")[2])

    def _draw_lines(self) -> None:
        silent = [view.status for view in self._views.values() if view.status.state is not EngineState.READY]
        if tuple(silent) == self._shown_lines:
            return
        self._shown_lines = tuple(silent)
        clear(self._lines)
        for status in silent:
            line = EngineLine(self.context, status)
            line.started.connect(self.refresh)
            line.failed.connect(self._show_problem)
            self._lines.addWidget(line)

    def _show_chosen(self) -> None:
        entry = self.list.current
        self._panel.show_entry(entry, self.actions.of(entry) if entry is not None else [])

    def _menu(self, entry: Entry, place: QPoint) -> None:
        menu = QMenu(self)
        for action in self.actions.of(entry):
            made = menu.addAction(action.text)
            made.triggered.connect(lambda _checked=False, action=action: action.run())
        if entry.running is not None:
            menu.addSeparator()
            menu.addAction(self.tr("Unload")).triggered.connect(lambda: self.actions.unload(entry))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _show_problem(self, error: ModelyardError) -> None:
        """Above the list; the list stays."""
        clear(self._problems)
        panel = self.context.error_panel(error)
        panel.action.connect(lambda action: self._mend(action, error))
        panel.add_close(lambda: clear(self._problems))
        self._problems.addWidget(panel)
        self.states.show_content()

    def _mend(self, action: Action, error: ModelyardError) -> None:
        clear(self._problems)
        if action in (Action.RETRY, Action.CHOOSE_OTHER):
            self.refresh()
        else:
            self.context.routes.mend_error(action, error)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Close:
            self.pull_card.stop()
        return super().event(event)
