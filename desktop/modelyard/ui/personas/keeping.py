"""What happens to the persona in the editor: kept as files, given to a model, duplicated, thrown away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtWidgets import QWidget

from ...engines.base import InstalledModel
from ...errors import ModelyardError
from ...modelfile.store import PersonaStore
from ..background import in_background
from ..context import Context
from ..models.listing import shown_name
from .apply_dialog import ApplyDialog
from .applying import Target, create, update
from .draft import Draft, keep, throw_away


class Keeper(QObject):
    """Signals: kept(before, after) with drafts, when a draft is on disk; renamed(before, after) when another name was
    given while applying; gone(); busy(bool); failed(ModelyardError)."""

    kept = Signal(object, object)
    renamed = Signal(str, str)
    gone = Signal()
    busy = Signal(bool)
    failed = Signal(object)

    def __init__(self, context: Context, page: QWidget) -> None:
        super().__init__(page)
        self._context = context
        self._page = page
        self.store = PersonaStore(context.services.folders.personas)
        self._birth: dict[str, str] = {}
        self._lane = QThreadPool(self)  # files are written in the order they were meant
        self._lane.setMaxThreadCount(1)

    def begin(self) -> None:
        """Another persona is edited from now on."""
        self._birth = {}

    def keep(self, draft: Draft, then: Callable[[Draft], object] = lambda _draft: None) -> None:
        birth = self._birth  # a new persona that is kept twice in a row is still one

        def work(_token: object) -> Draft:
            after = keep(self.store, replace(draft, id=draft.id or birth.get("id", "")))
            birth["id"] = after.id
            return after

        def done(after: Draft) -> None:
            self.kept.emit(draft, after)
            then(after)

        in_background(self, work, done, self._fail, self._lane)

    def delete(self, draft: Draft) -> None:
        if not draft.id:
            self.gone.emit()
            return
        in_background(
            self,
            lambda _token: throw_away(self.store, draft.id),
            lambda _none: self.gone.emit(),
            self._fail,
            self._lane,
        )

    def apply(self, draft: Draft, models: Sequence[InstalledModel], base: InstalledModel | None) -> None:
        """To the model that has it already if its base is still the same; else a new model is asked for."""
        target = draft.target
        known = target is not None and any(
            (model.engine, model.name) == (target.engine, target.model) for model in models
        )
        same = target is not None and draft.persona.base in ("", target.base, target.model)
        if target is not None and known and same:
            self._update(draft, target)
        else:
            self._ask(draft, models, base)

    def _update(self, draft: Draft, target: Target) -> None:
        engines = self._context.services.engines
        self.busy.emit(True)

        def work(_token: object) -> InstalledModel:
            return update(engines()[target.engine], target.model, draft.persona)

        in_background(self, work, lambda model: self._done(draft, target, model), self._fail)

    def _ask(self, draft: Draft, models: Sequence[InstalledModel], base: InstalledModel | None) -> None:
        engines = self._context.services.engines

        def make(chosen: InstalledModel, name: str, shown: str) -> InstalledModel:
            return create(engines()[chosen.engine], chosen.name, name, replace(draft.persona, name=shown))

        dialog = ApplyDialog(self._context, models, base, draft.persona.name, make, self._page)

        def made(chosen: InstalledModel, model: InstalledModel, shown: str) -> None:
            self.renamed.emit(draft.persona.name, shown)
            based = replace(draft, persona=replace(draft.persona, name=shown, base=chosen.name))
            self._done(based, Target(model.engine, model.name, chosen.name), model)

        def instead(model: InstalledModel) -> None:
            self._update(draft, Target(model.engine, model.name, draft.persona.base))

        dialog.made.connect(made)
        dialog.replace.connect(instead)
        dialog.open()

    def _done(self, draft: Draft, target: Target, model: InstalledModel) -> None:
        self.busy.emit(False)
        self._context.routes.models_changed.emit()
        self._context.routes.toast.emit(self.tr("{name} is ready.").format(name=shown_name(model)))
        self.keep(replace(draft, target=target))

    def _fail(self, error: ModelyardError) -> None:
        self.busy.emit(False)
        self.failed.emit(error)

    def close(self) -> None:
        self._lane.waitForDone(3000)
