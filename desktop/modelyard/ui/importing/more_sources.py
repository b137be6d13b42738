"""Rarer things to begin from: an add-on for a base model, and a model that an engine has already."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from ...errors import ModelyardError
from ..background import in_background
from ..context import Context
from ..design.tokens import Space
from ..figures import joined
from ..models.listing import Listing, list_models, shown_name
from ..widgets.buttons import ChoiceCard
from ..widgets.layout import row


class MoreSources(QWidget):
    """Signals: adapter() to pick an add-on's folder, library(text) with "engine:name"."""

    adapter = Signal()
    library = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        add_on = ChoiceCard(
            context.icons,
            "adapter",
            self.tr("An add-on (LoRA)"),
            self.tr("A small folder with adapter_config.json. It is merged into its base model."),
            self.adapter.emit,
        )
        self._installed = ChoiceCard(
            context.icons,
            "models",
            self.tr("A model that is here already"),
            self.tr("In Ollama or the built-in engine: make it smaller, or take it to the other one."),
            self._ask_models,
        )
        cards = row(spacing=Space.L)
        cards.addWidget(add_on, 1)
        cards.addWidget(self._installed, 1)
        self.setLayout(cards)

    def _ask_models(self) -> None:
        engines = self._context.services.engines
        in_background(self, lambda _token: list_models(engines()), self._offer, self._fail)

    def _offer(self, listing: Listing) -> None:
        menu = QMenu(self)
        names = {"builtin": self.tr("Built-in engine"), "ollama": self.tr("Ollama")}
        for model in listing.models:
            action = menu.addAction(joined(shown_name(model), names.get(model.engine, model.engine)))
            action.setData(f"{model.engine}:{model.name}")
        if not listing.models:
            menu.addAction(self.tr("There is none yet")).setEnabled(False)
        menu.triggered.connect(lambda action: self.library.emit(action.data()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._installed.mapToGlobal(QPoint(0, self._installed.height())))

    def _fail(self, error: ModelyardError) -> None:
        self._context.routes.toast.emit(self._context.words.error(error).title)
