"""Two short questions to a new model: what is made of its answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modelyard.engines.base import ChatChunk, ChatRequest, ChatStats
from modelyard.engines.dummy import DummyEngine
from modelyard.events import CancelToken, Event
from modelyard.importing import smoke_test as smoke


class Speaker(DummyEngine):
    """Says the same to every question: (text, thought, how it ends)."""

    def __init__(self, *answers: tuple[str, str, str]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[ChatRequest] = []

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        text, thought, reason = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(request)
        yield ChatChunk(thinking=thought)
        yield ChatChunk(text)
        yield ChatChunk(stats=ChatStats(reason, 3, 5, tokens_per_second=9.0))


def judged(*answers: tuple[str, str, str], template: bool = True) -> smoke.SmokeReport:
    engine, events = Speaker(*answers), list[Event]()
    report = smoke.smoke_test(engine, "m", events.append, CancelToken(), template=template)
    assert all(request.think is False for request in engine.asked), "thoughts would take all of the tokens"
    return report


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([("Paris.", "", "stop")], "good"),
        ([("I am a long story", "", "length"), ("Paris.", "", "stop")], "good"),
        ([("Paris Paris", "", "length")], "runs_on"),
        ([("", "", "stop")], "silent"),
        ([("Paris.<|im_end|>", "", "stop")], "leaks"),
        ([("", "Hm, let me see", "length")], "slow"),
        ([("", "Hm", "length"), ("Paris.", "Hm", "stop")], "good"),
        ([("", "<think> in thoughts </s>", "length")], "slow"),
    ],
)
def test_what_is_made_of_the_answers(answers: list[tuple[str, str, str]], verdict: str) -> None:
    assert judged(*answers).verdict == verdict


def test_a_base_model_and_its_first_words() -> None:
    report = judged(("once upon", "", "length"), template=False)
    assert (report.verdict, report.answer, report.tokens_per_second) == ("base", "once upon", 9.0)
    assert judged(("", "Only thoughts", "length")).answer == "Only thoughts"


def test_an_embedding_model_is_asked_nothing() -> None:
    engine = Speaker(("x", "", "stop"))
    report = smoke.tested(engine, "m", lambda event: None, CancelToken(), template=True, embedding=True)
    assert (report.verdict, engine.asked) == ("embedding", [])
