"""A menu of the models that any engine has."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from ...errors import ModelyardError
from ..background import in_background
from ..context import Context
from ..figures import joined
from .listing import Listing, list_models, shown_name
from .wording import engine_name


def offer_installed(context: Context, anchor: QWidget, pick: Callable[[str], object]) -> None:
    """Opens below `anchor` as soon as the engines have answered; `pick` gets "engine:name"."""
    engines = context.services.engines

    def show(listing: Listing) -> None:
        menu = QMenu(anchor)
        for model in listing.models:
            menu.addAction(joined(shown_name(model), engine_name(model.engine))).setData(f"{model.engine}:{model.name}")
        if not listing.models:
            menu.addAction(QCoreApplication.translate("Models", "There is none yet")).setEnabled(False)
        menu.triggered.connect(lambda action: pick(action.data()))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height())))

    def fail(error: ModelyardError) -> None:
        context.routes.toast.emit(context.words.error(error).title)

    in_background(anchor, lambda _token: list_models(engines()), show, fail)
