"""The editor of one persona: the form, its Modelfile, a place to try it. The text is the truth; the form changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter, QWidget

from ...engines.base import InstalledModel
from ...errors import ModelyardError
from ...modelfile.cards.exchange import CardKind
from ...modelfile.persona import Persona
from ..background import Call, in_background
from ..context import Context
from ..models.listing import Listing, can_chat, shown_name
from ..widgets.ask import ask
from ..widgets.fitting import KeepsWidth
from ..widgets.layout import clear, column
from . import files
from .draft import Draft
from .editor_head import EditorHead
from .form import PersonaForm
from .help_strip import HelpStrip
from .history import History
from .keeping import Keeper
from .notes import Setting, notes
from .source import Source
from .text_editor import TextEditor
from .try_pane import TryPane

_LARGE = 20_000  # characters of a Modelfile


class PersonaEditor(QWidget):
    """Signals: left() when the person goes back; opened(Draft) when another persona is to be opened."""

    left = Signal()
    opened = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._draft = Draft(Persona())
        self._models: list[InstalledModel] = []
        self._known = False
        self._base: InstalledModel | None = None
        self._picked: InstalledModel | None = None
        self._setting = Setting()
        self._cost_call: Call | None = None
        self.source = Source(self)
        self.history = History(self.source.text_document, self)
        self.head = EditorHead(context, self.history)
        self.form = PersonaForm(context, self.history)
        self.text = TextEditor(context, self.source, self.history)
        self.help = HelpStrip(context)
        self.trial = TryPane(context, self.persona)
        self.keeper = Keeper(context, self)
        self._problem = column(spacing=0)
        upper = QWidget()
        upper.setLayout(column(self.text, self.help, spacing=0))
        upper.layout().setStretch(0, 1)
        right = _splitter(Qt.Orientation.Vertical, upper, self.trial, (3, 2))
        both = _splitter(Qt.Orientation.Horizontal, self.form, right, (5, 7))
        KeepsWidth(self.form, 320, self.form.setMinimumWidth)
        right.setMinimumWidth(340)
        both.setSizes([430, 650])
        right.setSizes([420, 280])
        whole = column(self.head, self._problem, both, spacing=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)
        self._connect()

    def _connect(self) -> None:
        self.source.read.connect(self._read)
        self.source.edited.connect(self._show_state)
        self.history.changed.connect(self._show_state)
        self.history.stepped.connect(self.source.catch_up)
        self.form.said.connect(self.source.say)
        self.form.identity.changed.connect(self._show_state)
        self.form.identity.choose_picture.connect(self._choose_picture)
        self.form.base.picked.connect(self._pick)
        self.text.moved.connect(self._explain)
        self.help.wanted.connect(self.text.go_to)
        head, keeper = self.head, self.keeper
        head.back.connect(self.leave)
        head.save.connect(self.save)
        head.apply.connect(self.apply)
        head.chat.connect(self._chat)
        head.duplicate.connect(self._duplicate)
        head.delete.connect(self._delete)
        head.revert.connect(self._revert)
        head.export.connect(self._export)
        head.show_folder.connect(self._show_folder)
        keeper.kept.connect(self._kept)
        keeper.renamed.connect(self._renamed)
        keeper.busy.connect(head.show_busy)
        keeper.failed.connect(self.show_problem)
        keeper.gone.connect(self.left)
        shortcut = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, run in (
            (QKeySequence(QKeySequence.StandardKey.Save), self.save),
            (QKeySequence("Ctrl+Return"), self.apply),
            (QKeySequence("Ctrl+Shift+Return"), self._chat),
        ):
            QShortcut(keys, self, run, context=shortcut)

    # --- what is edited --------------------------------------------------------------------------------------------

    def open(self, draft: Draft) -> None:
        """Another persona; what was here is lost unless it was kept."""
        self.trial.start_over()
        clear(self._problem)
        self._picked = None
        if not draft.persona.base and not draft.text:
            draft = replace(draft, persona=replace(draft.persona, base=self._usual_base(draft)))
        self._draft = draft
        self.keeper.begin()
        self.source.load(draft.modelfile, draft.persona)
        self.form.identity.show_identity(draft.persona.name, draft.persona.picture)
        self.history.clear()
        self.source.text_document.setModified(False)
        self._show_state()
        self._find_base()

    def persona(self) -> Persona:
        """As it stands now, with name and picture."""
        self.form.flush()
        identity = self.form.identity
        return replace(self.source.settle().persona, name=identity.name.strip(), picture=identity.picture)

    def draft(self) -> Draft:
        return replace(self._draft, persona=self.persona(), text=self.source.text())

    @property
    def changed(self) -> bool:
        identity, before = self.form.identity, self._draft.persona
        beside = (identity.name.strip(), identity.picture) != (before.name, before.picture)
        return self._draft.fresh or beside or self.source.text_document.isModified()

    # --- models ----------------------------------------------------------------------------------------------------

    def show_listing(self, listing: Listing) -> None:
        self._models = [model for model in listing.models if can_chat(model) and not model.remote]
        self._known = True
        self.text.models = [model.name for model in self._models]
        self.form.show_models(self._models)
        self._base = None
        self._find_base()
        self.trial.show_models(self._models, self._base)
        self._show_state()

    def _usual_base(self, draft: Draft) -> str:
        if draft.target is not None:
            return draft.target.model
        newest = max(self._models, key=lambda model: model.modified, default=None)
        return newest.name if newest is not None else ""

    def _pick(self, model: InstalledModel) -> None:
        self._picked = model
        self.trial.choose(model)

    def _find_base(self) -> None:
        """The model that FROM names: the one that was picked, the one in the engine it lives in, or the first."""
        name = self.source.reading.persona.base.lower().removesuffix(":latest")
        same = [model for model in self._models if model.name.lower().removesuffix(":latest") == name]
        target = self._draft.target
        engine = self._picked.engine if self._picked is not None else target.engine if target is not None else ""
        found = next((model for model in same if model.engine == engine), same[0] if same else None)
        if found != self._base or not self._setting.known:
            self._base = found
            self._setting = Setting(found, None, self._known)
            self.form.memory.show_cost(None, found.context_length if found is not None else None)
            self.trial.choose(found)
            self._ask_cost()
        self._show_notes()

    def _ask_cost(self) -> None:
        if self._cost_call is not None:
            self._cost_call.cancel()
            self._cost_call = None
        model, running_cost = self._base, self._context.services.running_cost
        if model is None:
            return

        def show(cost: object) -> None:
            self._cost_call = None
            self._setting = Setting(model, cost, self._known)  # type: ignore[arg-type]
            self.form.memory.show_cost(cost, model.context_length)  # type: ignore[arg-type]
            self._show_notes()

        self._cost_call = in_background(self, lambda _token: running_cost(model), show, self.show_problem)

    # --- showing ---------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self.form.large = self.source.positions.length > _LARGE
        self.form.show_persona(self.source.reading.persona)
        self._find_base()
        self._explain()
        self._show_state()

    def _show_notes(self) -> None:
        self.help.show_notes(notes(self._context.words, self.source.reading, self._setting))

    def _explain(self) -> None:
        document = self.source.document
        if document.nodes and self.source.current:
            node = document.nodes[document.node_index(self.text.cursor_character)]
            self.help.explain(node.keyword, node.word)
        else:
            self.help.explain("", "")

    def _show_state(self) -> None:
        target = self._draft.target
        model = ""
        if target is not None:
            known = (each for each in self._models if (each.engine, each.name) == (target.engine, target.model))
            found = next(known, None)
            model = shown_name(found) if found is not None else "" if self._known else target.model
        self.head.show_state(
            self.form.identity.name.strip(), changed=self.changed, stored=bool(self._draft.id), model=model
        )

    def show_problem(self, error: ModelyardError) -> None:
        clear(self._problem)
        panel = self._context.error_panel(error)
        panel.action.connect(lambda action: self._context.routes.mend_error(action, error))
        panel.add_close(lambda: clear(self._problem))
        self._problem.addWidget(panel)

    # --- doing -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        clear(self._problem)
        self.keeper.keep(self._named())

    def apply(self) -> None:
        clear(self._problem)
        draft = self._named()
        errors = [each for each in self.source.reading.errors if each.stop > each.start]
        if errors:  # a missing FROM is asked for
            self._context.routes.toast.emit(self.tr("Mend the underlined mistake first."))
            self.text.go_to(errors[0].start)
            return
        self.keeper.apply(draft, self._models, self._base)

    def _named(self) -> Draft:
        draft = self.draft()
        if not draft.persona.name:
            name = self.tr("New persona")
            self.form.identity.show_identity(name, draft.persona.picture)
            draft = replace(draft, persona=replace(draft.persona, name=name))
        return draft

    def _kept(self, before: Draft, after: Draft) -> None:
        if before.id and before.id != self._draft.id:
            return  # another persona is open by now
        self._draft = after
        if self.source.text() == before.text:
            self.source.replace_all(after.text)
            self.source.text_document.setModified(False)
        self._show_state()

    def _renamed(self, before: str, after: str) -> None:
        identity = self.form.identity
        if before != after and identity.name.strip() == before:
            identity.show_identity(after, identity.picture)

    def leave(self) -> None:
        """Back to the gallery; changes are kept, not lost."""
        self.trial.stop()
        if self.changed:
            self.keeper.keep(self._named(), lambda _draft: self.left.emit())
        else:
            self.left.emit()

    def _chat(self) -> None:
        if self._draft.target is not None:
            self._context.routes.chat_with.emit(self._draft.target.engine, self._draft.target.model)

    def _duplicate(self) -> None:
        draft = self._named()
        copy = replace(draft.persona, name=self.tr("{name} (copy)").format(name=draft.persona.name))
        self.opened.emit(Draft(copy, draft.text, fresh=True))

    def _delete(self) -> None:
        name = self.form.identity.name.strip() or self.tr("this persona")
        text = self.tr("Its files are removed. Models that have it keep it.")
        if ask(self, self.tr("Delete {name}?").format(name=name), text, self.tr("Delete"), self.tr("Keep")):
            self.keeper.delete(self._draft)

    def _revert(self) -> None:
        """A step like any other: undo brings the changes back."""
        self.source.replace_all(self._draft.modelfile)
        before = self._draft.persona
        self.form.identity.change_to(before.name, before.picture)

    def _choose_picture(self) -> None:
        path = files.ask_picture(self)
        if path is not None:
            self.take_picture(path)

    def take_picture(self, path: Path) -> None:
        in_background(
            self, lambda _token: files.read_picture_file(path), self.form.identity.set_picture, self.show_problem
        )

    def _export(self, kind: CardKind) -> None:
        draft = self._named()
        path = files.ask_save(self, draft.persona.name, kind)
        if path is None:
            return

        def done(whole: bool) -> None:
            said = (
                self.tr("Saved as {name}.") if whole else self.tr("Saved as {name}. Such files cannot hold everything.")
            )
            self._context.routes.toast.emit(said.format(name=path.name))

        in_background(
            self,
            lambda _token: files.write_persona_file(draft.persona, kind, path, draft.text),
            done,
            self.show_problem,
        )

    def _show_folder(self) -> None:
        if self._draft.id:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.keeper.store.root / self._draft.id)))

    def close_editor(self, *, keep: bool) -> None:
        """The window goes: changes are written, threads end."""
        self.trial.close_thread()
        if keep and self.changed:
            self.keeper.keep(self._named())
        self.keeper.close()


def _splitter(way: Qt.Orientation, first: QWidget, second: QWidget, shares: Sequence[int]) -> QSplitter:
    made = QSplitter(way)
    made.setChildrenCollapsible(False)
    made.addWidget(first)
    made.addWidget(second)
    for place, share in enumerate(shares):
        made.setStretchFactor(place, share)
    return made
