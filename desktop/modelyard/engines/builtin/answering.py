"""One question, prepared, and its answer as a stream of chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...host.machine import Machine
from ...modelfile.persona import ParameterValue
from ..asking import conversation, options_of
from ..base import ChatChunk, ChatMessage, ChatRequest, ChatStats
from ..facts import ModelFacts
from .context import memory_needed
from .model_folder import ModelFolder
from .process import EngineProcess
from .requests import Loading, chat_body, loading_of, without_oldest

UNKNOWN_TEMPLATE = "?"  # facts of a file whose header could not be read: llama.cpp will say why
_ANSWER_ROOM = 512  # tokens kept free for the answer when old messages are left out
_TRIES = 8


@dataclass(frozen=True)
class Question:
    """Everything an answer needs. `tight`: by our sum the computer has too little free memory for it."""

    name: str
    loading: Loading
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, ParameterValue]
    think: bool | None
    template: bool
    end_tokens: tuple[str, ...]
    tight: bool


def question_of(
    request: ChatRequest, model: ModelFolder, facts: ModelFacts, machine: Machine, threads: int, gpu_layers: int
) -> Question:
    """Raises ENGINE_NO_CHAT, ENGINE_BAD_OPTION."""
    if facts.is_embedding:
        raise ModelyardError(Code.ENGINE_NO_CHAT, name=model.name)
    persona = request.persona if request.persona is not None else model.persona()
    options = options_of(request, persona)
    loading = loading_of(model, options, facts, machine, threads, gpu_layers)
    return Question(
        name=model.name,
        loading=loading,
        messages=tuple(conversation(request, persona)),
        options=options,
        think=request.think,
        template=bool(facts.chat_template),
        end_tokens=model.end_tokens(),
        tight=memory_needed(facts, loading.context) > machine.memory_free,
    )


def answer(question: Question, process: EngineProcess, started: float, token: CancelToken) -> Iterator[ChatChunk]:
    """Streams. When the conversation memory is too short, the oldest messages are left out, as many as needed.

    Raises what EngineProcess.answer raises; ENGINE_PROMPT_TOO_LONG only if nothing can be left out."""
    messages = list(question.messages)
    tally = _Tally(started, question.loading.context, token)
    for attempt in range(_TRIES):
        body = chat_body(
            messages,
            question.options,
            question.think,
            template=question.template,
            context=question.loading.context,
            end_tokens=question.end_tokens,
        )
        try:
            for piece in process.answer(body, token):
                if (chunk := tally.chunk(piece)) is not None:
                    yield chunk
            break
        except ModelyardError as error:
            fewer = _fewer(messages, error, question) if attempt < _TRIES - 1 else messages
            if len(fewer) == len(messages):
                raise
            tally.forgotten += len(messages) - len(fewer)
            messages = fewer
    yield ChatChunk(stats=tally.stats())


def _fewer(messages: list[ChatMessage], error: ModelyardError, question: Question) -> list[ChatMessage]:
    if error.code is not Code.ENGINE_PROMPT_TOO_LONG or not question.template:
        return messages
    context = question.loading.context
    room = context - min(_ANSWER_ROOM, context // 4)
    return without_oldest(messages, int(error.fields["prompt_tokens"] or 0), room)


class _Tally:
    """Counts and times an answer."""

    def __init__(self, started: float, context: int, token: CancelToken) -> None:
        self.forgotten = 0
        self._started = started
        self._loaded = time.monotonic()
        self._first: float | None = None
        self._pieces = 0
        self._context = context
        self._token = token
        self._reason = "stop"
        self._timings: Mapping[str, Any] = {}

    def chunk(self, piece: Mapping[str, Any]) -> ChatChunk | None:
        if "reason" in piece:
            self._reason = "length" if piece["reason"] == "length" else "stop"
        if "timings" in piece:
            self._timings = piece["timings"]
        text, thinking = piece.get("text", ""), piece.get("thinking", "")
        if not text and not thinking:
            return None
        self._pieces += 1
        if self._first is None:
            self._first = time.monotonic()
        return ChatChunk(text, thinking)

    def stats(self) -> ChatStats:
        now = time.monotonic()
        first = self._first if self._first is not None else now
        speed = float(self._timings.get("predicted_per_second") or 0.0)
        if not speed and self._pieces > 1:
            speed = self._pieces / max(1e-6, now - first)
        return ChatStats(
            reason="cancelled" if self._token.cancelled else self._reason,
            prompt_tokens=int(self._timings.get("prompt_n", 0)) + int(self._timings.get("cache_n", 0)),
            answer_tokens=int(self._timings.get("predicted_n", self._pieces)),
            load_seconds=self._loaded - self._started,
            first_token_seconds=first - self._started,
            tokens_per_second=speed,
            context_length=self._context,
            forgotten=self.forgotten,
        )
