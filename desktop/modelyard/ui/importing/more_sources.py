"""Rarer things to begin from: an add-on for a base model, and a model that an engine has already."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..context import Context
from ..design.tokens import Space
from ..models.installed_menu import offer_installed
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
        offer_installed(self._context, self._installed, self.library.emit)
