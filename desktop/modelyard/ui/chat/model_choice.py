"""Which model answers: the conversation's own, one that was asked for, or the newest."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ...chat.values import Conversation, Message
from ...engines.base import InstalledModel
from ...modelfile.persona import Persona
from ..background import Call, in_background
from ..context import Context
from ..models.listing import Listing, can_chat, list_models, shown_name
from .session import Session


class ModelChoice(QObject):
    """Signals: changed() when the models or the chosen one changed; wanted() when a new conversation is to begin;
    own(Persona) what the chosen model brings itself; failed(ModelyardError)."""

    changed = Signal()
    wanted = Signal()
    own = Signal(object)
    failed = Signal(object)

    def __init__(self, context: Context, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._session = session
        self._listing = Listing(())
        self._want: tuple[str, str] | None = None
        self._call: Call | None = None
        self.known = False
        context.routes.models_changed.connect(self.refresh)

    @property
    def usable(self) -> list[InstalledModel]:
        return [model for model in self._listing.models if can_chat(model)]

    def want(self, engine: str, model: str) -> None:
        """As soon as it is listed."""
        self._want = (engine, model)
        self.wanted.emit()
        self.refresh()

    def refresh(self) -> None:
        if self._call is not None:
            self._call.cancel()
        engines = self._context.services.engines
        self._call = in_background(self, lambda _token: list_models(engines()), self._show, self.failed.emit)

    def _show(self, listing: Listing) -> None:
        self._call = None
        self.known = True
        self._listing = listing
        head = self._session.conversation
        current = self._session.model
        if self._want is not None:
            current = listing.find(*self._want) or current
            self._want = None
        elif head is not None and head.model:
            current = listing.find(head.engine, head.model)
        if current is not None:
            current = listing.find(current.engine, current.name)
        if current is None and (head is None or not head.model):
            current = self._newest()
        self.use(current)

    def _newest(self) -> InstalledModel | None:
        return max(self.usable, key=lambda model: model.modified, default=None)

    def use(self, model: InstalledModel | None) -> None:
        self._session.model = model
        self.changed.emit()

    def use_of(self, conversation: Conversation) -> None:
        """The model of a conversation that is opened; none if it is gone: the person chooses another."""
        if self.known:
            own = self._listing.find(conversation.engine, conversation.model)
            self.use(own if conversation.model else own or self._newest())

    def ask_own(self) -> None:
        """What role the chosen model has by itself."""
        model = self._session.model
        if model is None:
            return
        engines = self._context.services.engines

        def show(found: tuple[InstalledModel, Persona]) -> None:
            if self._session.model == found[0]:
                self.own.emit(found[1])

        in_background(
            self,
            lambda _token: (model, engines()[model.engine].show(model.name).persona),
            show,
            lambda _error: None,  # it is only a hint in an empty field
        )

    def name_of(self, message: Message) -> str:
        known = self._listing.find(message.engine, message.model)
        return shown_name(known) if known else message.model or self.tr("Assistant")
