"""What a person should know about the open conversation before writing on, and of an answer that never ends:
one calm line, the weightiest."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from ...chat.store import ChatStore
from ...chat.values import Attachment
from ..context import Context
from ..figures import pages
from .attaching import page_count, token_guess
from .circles import LOOKED_AT, goes_in_circles
from .composer import Composer
from .gauge import NEARLY_FULL, MemoryGauge
from .notice_bar import NoticeBar
from .session import Session

_WATCH_MS = 1_000


class Notices(QObject):
    """Signals: choose_model() when the person wants another one."""

    choose_model = Signal()

    def __init__(
        self, context: Context, session: Session, bar: NoticeBar, gauge: MemoryGauge, composer: Composer
    ) -> None:
        super().__init__(bar)
        self._context = context
        self._session = session
        self._bar = bar
        self._gauge = gauge
        self._composer = composer
        self._about_store = ""
        self._circling = False
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._look_at_growth)
        session.busy_changed.connect(self._watch_growth)
        session.loaded.connect(self.refresh)
        session.ended.connect(lambda *_: self.refresh())

    def look_at_store(self) -> None:
        """Whether the file of the conversations had to be saved from damage."""

        def look(store: ChatStore) -> str:
            if store.rescued is None:
                return ""
            fields = {
                "conversations": store.rescued.conversations,
                "messages": store.rescued.messages,
                "kept": store.rescued.kept.name,
            }
            return self._context.words.warning("chat_store_rescued", fields)

        def show(text: str) -> None:
            self._about_store = text
            self.refresh()

        self._session.in_lane(look, show)

    def _watch_growth(self) -> None:
        if self._session.busy:
            self._watch.start()
        else:
            self._watch.stop()
            self._circling = False

    def _look_at_growth(self) -> None:
        """Only told: what goes on for ever is for the person to end."""
        circling = any(goes_in_circles(thread.tail(LOOKED_AT)) for thread in self._session.growing)
        if circling != self._circling:
            self._circling = circling
            self.refresh()

    def refresh(self) -> None:
        session = self._session
        answer = session.last_answer
        self._gauge.show_answer(answer)
        head = session.conversation
        if head is not None and head.model and session.model is None:
            self._bar.say(
                self.tr("“{name}” is no longer installed. Choose another model to go on.").format(name=head.model),
                self.tr("Choose a model"),
                self.choose_model.emit,
            )
        elif self._circling:
            words = self.tr("This answer repeats itself. Small models sometimes do.")
            self._bar.say(words, self.tr("Stop"), self._session.stop)
        elif problem := self._about_attachments():
            self._bar.say(problem)
        elif answer is not None and answer.stats is not None and answer.stats.forgotten:
            count = answer.stats.forgotten
            words = self.tr("The conversation memory is full: the model no longer sees the {n} oldest messages.")
            self._bar.say(words.format(n=count))
        elif self._gauge.share >= NEARLY_FULL:
            self._bar.say(self.tr("The conversation memory is nearly full: soon the oldest messages are forgotten."))
        else:
            self._bar.say(self._about_store)

    def _about_attachments(self) -> str:
        attached, model = self._composer.attachments, self._session.model
        pictures = [one for one in attached if one.media_type.startswith("image/")]
        if pictures and model is not None and "vision" not in model.capabilities:
            return self.tr("This model sees no pictures. Choose one that does, or take the picture out.")
        return self._too_long(attached)

    def _too_long(self, attached: tuple[Attachment, ...]) -> str:
        tokens = sum(token_guess(one.text) for one in attached if one.text)
        answer = self._session.last_answer
        memory = answer.stats.context_length if answer is not None and answer.stats is not None else None
        memory = memory or (self._session.model.context_length if self._session.model else None)
        if not memory or tokens < memory * 0.9:
            return ""
        whole = sum(page_count(one.text) for one in attached if one.text)
        words = self.tr(
            "These files have about {n} pages; the model keeps {memory} in mind. It will not read all of it."
        )
        return words.format(n=whole, memory=pages(self._context.words, memory))
