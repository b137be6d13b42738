"""A chat page on twins, for the tests of the chat."""

from __future__ import annotations

from modelyard.ui.app import Desktop
from modelyard.ui.chat.answer_message import AnswerMessage
from modelyard.ui.chat.side_by_side import SideBySide
from modelyard.ui.chat.user_message import UserMessage
from modelyard.ui.chat.view import ChatView
from modelyard.ui.routes import Place

from .scenes import pump, wait_for
from .twins import House


class Chat:
    """The chat page and its parts."""

    def __init__(self, desk: Desktop, house: House) -> None:
        self.desk = desk
        self.house = house
        desk.window.go(Place.CHAT)
        page = desk.window.page("chat")
        assert isinstance(page, ChatView)
        self.page = page
        self.session = page._session
        self.composer = page._composer
        self.list = page._list
        wait_for(lambda: page._models.known and self.session.model is not None)
        pump(0.1)

    def ask(self, text: str) -> None:
        """Types it, presses Enter and waits for the answer."""
        self.start(text)
        self.settle()

    def start(self, text: str) -> None:
        self.composer.write(text)
        self.composer.field.send.emit()
        wait_for(lambda: self.session.number > 0 and (self._begun or not self.session.busy))

    @property
    def _begun(self) -> bool:
        growing = self.session.growing
        return bool(growing) and growing[0].answer > 0

    def settle(self) -> None:
        wait_for(lambda: not self.session.busy)
        pump(0.15)

    @property
    def widgets(self) -> list[UserMessage | AnswerMessage]:
        found: list[UserMessage | AnswerMessage] = []
        for item in self.page._transcript.items:
            if isinstance(item, SideBySide):
                found += item.answers
            elif isinstance(item, UserMessage | AnswerMessage):
                found.append(item)
        return found

    @property
    def answers(self) -> list[AnswerMessage]:
        return [each for each in self.widgets if isinstance(each, AnswerMessage)]

    @property
    def questions(self) -> list[UserMessage]:
        return [each for each in self.widgets if isinstance(each, UserMessage)]
