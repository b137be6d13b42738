"""Personas: all of them as cards, and the editor of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...errors import ModelyardError
from ...modelfile.cards.values import Card
from ...modelfile.persona import Persona
from ..background import Call, in_background
from ..context import Context
from ..models.listing import Listing
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.layout import column
from . import files
from .applying import Target
from .choices import Kind, PersonaChoice, all_choices
from .draft import Draft
from .gallery import Gallery

if TYPE_CHECKING:
    from .editor import PersonaEditor


class PersonasView(Page):
    """Shows a persona that somebody asked for (routes.persona_wanted) as soon as the page is shown."""

    def __init__(self, context: Context) -> None:
        self._gallery = Gallery(context)
        self._call: Call | None = None
        self._wanted: Persona | None = None
        super().__init__(
            context,
            self.tr("Personas"),
            self.tr("Who a model is and how it answers."),
            self._gallery,
            button(self.tr("Open a file"), self._ask_file),
            button(self.tr("New persona"), lambda: self.edit(Draft(Persona())), "primary"),
        )
        self._editor: PersonaEditor | None = None
        self._listing: Listing | None = None
        self.setAcceptDrops(True)
        self._gallery.chosen.connect(self._open)
        home = QWidget()
        home.setObjectName("page")
        home.setLayout(self.layout())  # the page's own frame belongs to the cards; the editor needs all the room
        self._stack = QStackedWidget()
        self._stack.addWidget(home)
        self.setLayout(column(self._stack, spacing=0))
        context.routes.models_changed.connect(self._look)

    @property
    def editor(self) -> PersonaEditor:
        """Made when first asked for: the cards are there sooner."""
        if self._editor is None:
            from .editor import PersonaEditor

            self._editor = PersonaEditor(self.context)
            self._editor.left.connect(self.show_gallery)
            self._editor.opened.connect(self.edit)
            self._stack.addWidget(self._editor)
            if self._listing is not None:
                self._editor.show_listing(self._listing)
        return self._editor

    def refresh(self) -> None:
        self._wanted = self.context.routes.take_persona() or self._wanted
        self._look()

    def _look(self) -> None:
        """Asks engines and folders anew."""
        if self._call is not None:
            self._call.cancel()
        services, language = self.context.services, self.context.words.language
        if not self._gallery.filled:
            self.states.show_busy(self.tr("Looking for personas …"))
        self._call = in_background(self, lambda _token: all_choices(services, language), self._show, self._fail)

    def _show(self, found: tuple[list[PersonaChoice], Listing]) -> None:
        self._call = None
        choices, self._listing = found
        self._gallery.show_choices(choices)
        self.states.show_content()
        if self._editor is not None:
            self._editor.show_listing(self._listing)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self.edit(Draft(wanted, fresh=True))

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self.states.show_error(error)

    # --- one persona -----------------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        return self._stack.currentIndex() == 1

    def edit(self, draft: Draft) -> None:
        """Opens it; what was being edited is kept first."""
        if self.editing and self.editor.changed:
            self.editor.keeper.keep(self.editor.draft(), lambda _kept: self._edit(draft))
        else:
            self._edit(draft)

    def _edit(self, draft: Draft) -> None:
        self.editor.open(draft)
        self._stack.setCurrentIndex(1)
        self.editor.form.begin()

    def show_gallery(self) -> None:
        self._stack.setCurrentIndex(0)
        self._look()

    def _open(self, choice: PersonaChoice) -> None:
        if choice.kind is not Kind.MODEL or choice.draft.target is None:
            self.edit(choice.draft)
            return
        engines, target = self.context.services.engines, choice.draft.target

        def show(persona: Persona) -> None:
            named = replace(persona, name=persona.name or choice.title, base=target.model)
            self.edit(Draft(named, target=Target(target.engine, target.model)))

        in_background(self, lambda _token: engines()[target.engine].show(target.model).persona, show, self._fail)

    # --- files -----------------------------------------------------------------------------------------------------

    def _ask_file(self) -> None:
        path = files.ask_open(self)
        if path is not None:
            self.open_file(path)

    def open_file(self, path: Path) -> None:
        def show(found: tuple[Draft, Card]) -> None:
            draft, card = found
            self.edit(draft)
            if card.warnings:
                said = " ".join(self.context.words.warning(code, fields) for code, fields in card.warnings)
                self.context.routes.toast.emit(said)

        failed: Callable[[ModelyardError], None] = self.editor.show_problem if self.editing else self._fail
        in_background(self, lambda _token: files.open_persona(path), show, failed)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files.dropped_persona(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()  # a model: the window imports it

    def dropEvent(self, event: QDropEvent) -> None:
        path = files.dropped_persona(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.open_file(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._call is not None:
            self._call.cancel()
        if self._editor is not None:
            self._editor.close_editor(keep=self.editing)
        super().closeEvent(event)
