"""Models: what is installed in every engine, with search; chat, details, remove."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from ...engines.base import InstalledModel, ModelDetails
from ...errors import ModelyardError
from ...events import CancelToken
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Space
from ..shell.page import Page
from ..widgets.ask import ask
from ..widgets.buttons import button
from ..widgets.cards import EmptyState, Notice
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage, clear
from .details import DetailsDialog
from .listing import Listing, list_models, shown_name
from .row import ModelRow


class ModelsView(Page):
    def __init__(self, context: Context) -> None:
        routes = context.routes
        self._call: Call | None = None
        self._listing = Listing(())
        scroll = ScrollPage()
        self._body = scroll.body
        self._body.setSpacing(Space.M)
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search models"))
        self._search.setClearButtonEnabled(True)
        self._search.setFixedWidth(220)
        self._search.textChanged.connect(lambda _text: self._draw())
        self._new = button(self.tr("Import a model"), lambda: routes.import_text.emit(""), "primary")
        title, under = self.tr("Models"), self.tr("Everything that can answer on this computer.")
        super().__init__(context, title, under, scroll, self._search, self._new)
        self._empty = EmptyState(
            context.icons,
            "models",
            self.tr("No model yet"),
            self.tr("Bring one home: a file, a folder or a Hugging Face link. It stays on this computer."),
            button(self.tr("Import a model"), lambda: routes.import_text.emit(""), "primary"),
        )
        self.states.addWidget(self._empty)
        self.states.show_busy(self.tr("Asking the engines …"))
        routes.models_changed.connect(self.refresh)

    def refresh(self) -> None:
        if self._call is not None:
            self._call.cancel()
        engines = self.context.services.engines
        self._call = in_background(self, lambda _token: list_models(engines()), self._show, self.states.show_error)

    def _show(self, listing: Listing) -> None:
        self._call = None
        self._listing = listing
        self._draw()

    def _draw(self) -> None:
        clear(self._body)
        some = bool(self._listing.models)
        self._search.setVisible(some)
        self._new.setVisible(some)
        if not some:
            self.states.setCurrentWidget(self._empty)
            return
        wanted = self._search.text().casefold().split()
        shown = 0
        for model in self._listing.models:
            text = f"{shown_name(model)} {model.name} {model.architecture} {model.size_label}".casefold()
            if all(word in text for word in wanted):
                made = ModelRow(self.context, model)
                made.details.connect(self._ask_details)
                made.remove.connect(self._ask_remove)
                self._body.addWidget(made)
                shown += 1
        if not shown:
            self._body.addWidget(Text(self.tr("Nothing found."), "muted"))
        for engine in self._listing.silent:
            name = {"builtin": self.tr("The built-in engine"), "ollama": self.tr("Ollama")}.get(engine, engine)
            text = self.tr("{engine} does not answer; its models are not shown.").format(engine=name)
            self._body.addWidget(Notice(self.context.icons, text))
        self._body.addStretch(1)
        self.states.show_content()

    def _ask_details(self, model: InstalledModel) -> None:
        engines = self.context.services.engines

        def show(_token: CancelToken) -> ModelDetails:
            return engines()[model.engine].show(model.name)

        in_background(self, show, lambda details: DetailsDialog(self.context, details, self).open(), self._fail)

    def _ask_remove(self, model: InstalledModel) -> None:
        amount = self.context.words.amount(model.size_bytes)
        question = self.tr("Remove {name}?").format(name=shown_name(model))
        text = self.tr("This frees {size}. Conversations are kept. You can import it again.").format(size=amount)
        if not ask(self, question, text, self.tr("Remove"), self.tr("Keep")):
            return
        engines = self.context.services.engines
        in_background(self, lambda _token: engines()[model.engine].remove(model.name), self._removed, self._fail)

    def _removed(self, freed: int) -> None:
        self.context.routes.toast.emit(
            self.tr("Removed. {size} are free again.").format(size=self.context.words.amount(freed))
        )
        self.context.routes.models_changed.emit()

    def _fail(self, error: ModelyardError) -> None:
        self.states.show_error(error, lambda _action: self.refresh())
