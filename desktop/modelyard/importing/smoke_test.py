"""Ask the new model two short questions: does it answer, stop by itself, and keep its special tokens to itself?"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from ..engines.base import ChatMessage, ChatRequest, Engine
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step, progress

QUESTIONS = ("Hello! Who are you?", "What is the capital of France? Answer in one word.")
_MOST_TOKENS = 160
_MOST_SECONDS = 90.0  # for both; a slow computer is no reason to call a model broken
_LEAKED = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|</?s>|<(?:start|end)_of_turn>|<eos>|<bos>|\[/?INST\]|<<SYS>>|<｜[^<>]{1,30}｜>|\[PAD\d*\]|<unk>"
)


@dataclass(frozen=True)
class SmokeReport:
    """verdict: "good" (answers and stops), "runs_on" (does not stop by itself), "silent" (empty answers), "leaks"
    (special tokens in the text), "base" (no chat template: it continues text), "embedding" (does not chat), "slow"
    (ran out of our patience, or thinks for long: no fault found). `answer` is what it said first."""

    verdict: str
    answer: str = ""
    tokens_per_second: float = 0.0
    detail: str = ""


def smoke_test(engine: Engine, name: str, listener: Listener, cancel: CancelToken, *, template: bool) -> SmokeReport:
    """Raises what the engine raises when the model cannot be loaded (ENGINE_LOAD_FAILED, …)."""
    deadline = time.monotonic() + _MOST_SECONDS
    first, speed, tokens = "", 0.0, 0
    runs_on = ponders = False
    for number, question in enumerate(QUESTIONS):
        text = thought = ""
        request = ChatRequest(
            model=name,
            messages=(ChatMessage("user", question),),
            options={"num_predict": _MOST_TOKENS, "temperature": 0.0, "seed": 1},
            think=False,  # thoughts would take all of the tokens
        )
        stats = None
        inner = CancelToken()
        cancel.on_cancel(inner.cancel)
        for chunk in engine.chat(request, inner):
            cancel.check()
            text += chunk.text
            thought += chunk.thinking
            if chunk.text or chunk.thinking:
                tokens += 1
                listener(progress(Step.TESTING, tokens, 0, "tokens"))
            if chunk.stats is not None:
                stats = chunk.stats
            elif time.monotonic() > deadline:
                inner.cancel()
        cancel.check()
        if number == 0:
            first, speed = text.strip() or thought.strip(), stats.tokens_per_second if stats else 0.0
        if leaked := _LEAKED.search(text):
            return SmokeReport("leaks", first, speed, leaked.group())
        if stats is None or stats.reason == "cancelled":
            return SmokeReport("slow", first, speed)
        ponders = not text.strip() and bool(thought.strip())
        runs_on = runs_on or stats.reason == "length"
        if not text.strip() and not ponders:
            return SmokeReport("silent", first, speed, question)
    if not template:
        return SmokeReport("base", first, speed)
    if ponders:  # some cannot be told not to think, and did not come to the end of it
        return SmokeReport("slow", first, speed)
    # A talkative model may need more than our budget once; the one-word question must end by itself.
    return SmokeReport(
        "runs_on" if runs_on and stats is not None and stats.reason == "length" else "good", first, speed
    )


def tested(
    engine: Engine, name: str, listener: Listener, cancel: CancelToken, *, template: bool, embedding: bool
) -> SmokeReport:
    """The smoke test of whatever kind of model this is."""
    if embedding:
        return SmokeReport("embedding")
    try:
        return smoke_test(engine, name, listener, cancel, template=template)
    except ModelyardError as error:
        if error.code is Code.ENGINE_NO_CHAT:
            return SmokeReport("embedding")
        raise
