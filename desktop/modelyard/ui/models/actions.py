"""What can be done with an installed model: one list of actions for the panel, the menu and the keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ...engines.base import Engine, EngineStatus, InstalledModel, ModelDetails
from ...errors import ModelyardError
from ..background import in_background
from ..context import Context
from ..widgets.ask import ask
from .abilities import Renames
from .library import Entry
from .listing import can_chat
from .name_dialog import NameDialog
from .renaming import Naming, duplicate, rename, second_naming
from .wording import engine_in_words


@dataclass(frozen=True)
class Action:
    """`text` is a whole label, `icon` one of resources/icons."""

    text: str
    icon: str
    run: Callable[[], None]


class ModelActions(QObject):
    """Signals: failed(ModelyardError); changed(key | None) when the list is to be asked again, with the model that is
    then chosen; publish(Entry)."""

    failed = Signal(object)
    changed = Signal(object)
    publish = Signal(object)

    def __init__(self, context: Context, page: QWidget) -> None:
        super().__init__(page)
        self._context = context
        self._page = page
        self.statuses: Mapping[str, EngineStatus] = {}
        self.taken: frozenset[tuple[str, str]] = frozenset()

    def of(self, entry: Entry) -> list[Action]:
        """The first is what Enter does."""
        found: list[Action] = []
        if can_chat(entry.model):
            found.append(Action(self.tr("Chat"), "chat", lambda: self.chat(entry)))
        found.append(Action(self.tr("Details"), "info", lambda: self.details(entry)))
        if not entry.model.remote:
            found.append(Action(self.tr("Rename"), "edit", lambda: self.rename(entry)))
            found.append(Action(self.tr("Duplicate"), "copy", lambda: self.duplicate(entry)))
            for engine in self.statuses:
                if engine != entry.model.engine and engine in ("builtin", "ollama"):
                    text = self.tr("Move to Ollama") if engine == "ollama" else self.tr("Move to the built-in engine")
                    found.append(Action(text, "move", lambda engine=engine: self.move(entry, engine)))
            found.append(Action(self.tr("Make smaller"), "shrink", lambda: self.make_smaller(entry)))
            found.append(Action(self.tr("Publish"), "hub", lambda: self.publish.emit(entry)))
        found.append(Action(self.tr("Remove"), "trash", lambda: self.remove(entry)))
        return found

    def open(self, entry: Entry) -> None:
        self.of(entry)[0].run()

    def chat(self, entry: Entry) -> None:
        self._context.routes.chat_with.emit(*entry.key)

    def details(self, entry: Entry) -> None:
        from .details import DetailsDialog

        def show(details: ModelDetails) -> None:
            DetailsDialog(self._context, details, self._page).open()

        in_background(self, lambda _token: self._engine(entry).show(entry.model.name), show, self.failed.emit)

    def make_smaller(self, entry: Entry) -> None:
        """The import wizard does it: an installed model is a source like any other."""
        self._context.routes.import_text.emit(f"{entry.model.engine}:{entry.model.name}")

    def move(self, entry: Entry, engine: str) -> None:
        from .move_dialog import MoveDialog

        MoveDialog(self._context, entry, engine, self._page).open()

    # --- names -----------------------------------------------------------------------------------------------------

    def rename(self, entry: Entry) -> None:
        title = self.tr("Rename {name}").format(name=entry.name)
        naming = Naming(entry.name, entry.model.name)
        self._ask_name(entry, title, self.tr("Rename"), naming, rename)

    def duplicate(self, entry: Entry) -> None:
        title = self.tr("Duplicate {name}").format(name=entry.name)
        naming = second_naming(entry.model, (name for engine, name in self.taken if engine == entry.model.engine))
        self._ask_name(entry, title, self.tr("Duplicate"), naming, duplicate)

    def _ask_name(
        self,
        entry: Entry,
        title: str,
        agree: str,
        naming: Naming,
        save: Callable[[Engine, InstalledModel, Naming], InstalledModel],
    ) -> None:
        engine = self._engine(entry)
        dialog = NameDialog(
            self._context,
            title,
            agree,
            naming,
            lambda typed: save(engine, entry.model, typed),
            self._page,
            one_name=isinstance(engine, Renames),
        )
        dialog.saved.connect(lambda model: self.changed.emit((model.engine, model.name)))
        dialog.open()

    # --- memory and disk -------------------------------------------------------------------------------------------

    def unload(self, entry: Entry) -> None:
        def done(_nothing: None) -> None:
            self._context.routes.toast.emit(self.tr("{name} was unloaded.").format(name=entry.name))
            self.changed.emit(None)

        in_background(self, lambda _token: self._engine(entry).unload(entry.model.name), done, self.failed.emit)

    def remove(self, entry: Entry) -> None:
        """Tells first what becomes free."""
        from ...importing.free_space import freed_by_removing

        engine = self._engine(entry)
        in_background(
            self,
            lambda _token: freed_by_removing(engine, entry.model),
            lambda freed: self._ask_remove(entry, freed),
            self.failed.emit,
        )

    def _ask_remove(self, entry: Entry, freed: int) -> None:
        where = engine_in_words(entry.model.engine)
        question = self.tr("Remove {name} from {engine}?").format(name=entry.name, engine=where)
        if freed:
            text = self.tr("This frees {size}. Conversations are kept. You can import it again.").format(
                size=self._context.words.amount(freed)
            )
        else:
            text = self.tr("Nothing becomes free: other models use the same weights. Conversations are kept.")
        if ask(self._page, question, text, self.tr("Remove"), self.tr("Keep")):
            self.remove_now(entry.model.engine, entry.model.name)

    def remove_now(self, engine_id: str, name: str) -> None:
        """The person has agreed."""
        engines, words = self._context.services.engines, self._context.words

        def removed(freed: int) -> None:
            said = self.tr("Removed.")
            if freed:
                said = self.tr("Removed. {size} are free again.").format(size=words.amount(freed))
            self._context.routes.toast.emit(said)
            self.changed.emit(None)

        in_background(self, lambda _token: engines()[engine_id].remove(name), removed, self._remove_failed)

    def _remove_failed(self, error: ModelyardError) -> None:
        self.failed.emit(error)
        self.changed.emit(None)

    def _engine(self, entry: Entry) -> Engine:
        return self._context.services.engines()[entry.model.engine]
