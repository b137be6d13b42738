"""Talking to a model: a stream with thinking and numbers at the end, ended at once when cancelled."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from ...modelfile.persona import ExampleMessage, ParameterValue, Persona
from ..base import ChatChunk, ChatMessage, ChatRequest, ChatStats
from .client import Connection
from .creating import plain_options
from .running import running_models
from .wire import cancellable

# What Ollama uses where nothing is said (api/types.go): a persona that no longer says it must not inherit it.
_DEFAULTS: dict[str, ParameterValue] = {
    "num_predict": -1,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_last_n": 64,
    "temperature": 0.8,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "seed": -1,
    "stop": (),
}
_NANO = 1e9


def chat(
    connection: Connection, request: ChatRequest, stored: Persona | None, cancel: CancelToken
) -> Iterator[ChatChunk]:
    """`stored` is the model's own persona, needed only where the request brings another one.

    Raises coded errors; cancelling ends with a chunk whose stats say "cancelled"."""
    if request.persona is not None and stored is not None:
        request = with_persona(request, stored, request.persona)
    began = time.monotonic()
    first: float | None = None
    last: Any = None
    words = 0
    try:
        with contextlib.closing(_stream(connection, request, cancel)) as parts:
            for part in parts:
                message = part.message
                text, thinking = message.content or "", message.thinking or ""
                if text or thinking:
                    first = time.monotonic() - began if first is None else first
                    words += 1
                    yield ChatChunk(text, thinking)
                if part.done:
                    last = part
                    break
    except Cancelled:
        yield ChatChunk(stats=_cut_stats("cancelled", words, first, time.monotonic() - began))
        return
    if last is None:
        raise ModelyardError(Code.OLLAMA_LOST, address=connection.address.url)
    yield ChatChunk(stats=_stats(connection, request.model, last, first))


def _stream(connection: Connection, request: ChatRequest, cancel: CancelToken) -> Iterator[Any]:
    """The official client's parts. Its generator is closed here, which closes the connection and frees the model."""
    with connection.errors(request.model, cancel):
        cancel.check()
        parts = connection.official.chat(
            model=request.model,
            messages=[_message(each) for each in request.messages],
            options=plain_options(request.options) or None,
            think=request.think,
            stream=True,
        )
        with contextlib.closing(parts):  # type: ignore[type-var]  # a generator, typed as an iterator
            with cancellable(cancel):
                part = next(iter(parts), None)
            while part is not None:
                yield part
                cancel.check()
                part = next(iter(parts), None)
        cancel.check()


def _message(message: ChatMessage) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": message.content,
        "thinking": message.thinking,
        "images": [*message.images],
    }


def _stats(connection: Connection, model: str, last: Any, first: float | None) -> ChatStats:
    answer_seconds = (last.eval_duration or 0) / _NANO
    tokens = last.eval_count or 0
    return ChatStats(
        reason="length" if last.done_reason == "length" else "stop",
        prompt_tokens=last.prompt_eval_count or 0,
        answer_tokens=tokens,
        load_seconds=(last.load_duration or 0) / _NANO,
        first_token_seconds=first or 0.0,
        tokens_per_second=tokens / answer_seconds if answer_seconds else 0.0,
        context_length=_context(connection, model),
    )


def _cut_stats(reason: str, words: int, first: float | None, seconds: float) -> ChatStats:
    """What can be said of an answer whose numbers never came: pieces count as tokens."""
    speaking = seconds - (first or seconds)
    return ChatStats(
        reason=reason,
        answer_tokens=words,
        first_token_seconds=first or 0.0,
        tokens_per_second=words / speaking if speaking > 0 else 0.0,
    )


def _context(connection: Connection, model: str) -> int | None:
    """How much the loaded model remembers; nothing is lost if that cannot be asked."""
    from . import names

    with contextlib.suppress(ModelyardError):
        for running in running_models(connection):
            if names.same(running.name, model):
                return running.context_length
    return None


def with_persona(request: ChatRequest, stored: Persona, wanted: Persona) -> ChatRequest:
    """The same request, worded so that the model answers as `wanted` although it is stored as `stored`.

    Ollama puts its stored examples before the request's messages and its system text first, unless the request
    begins with a system text. Stored examples cannot be left out by a request: see `needs_a_copy`."""
    options = {key: _DEFAULTS[key] for key in stored.parameters if key not in wanted.parameters and key in _DEFAULTS}
    options |= wanted.parameters
    messages = request.messages
    if not messages or messages[0].role != "system":
        messages = (*_opening(stored, wanted), *messages)
    return replace(request, messages=messages, options={**options, **request.options}, persona=None)


def _opening(stored: Persona, wanted: Persona) -> Sequence[ChatMessage]:
    system = wanted.system if wanted.system or not stored.system else " "  # one space: an empty one is not sent
    opening = [ChatMessage("system", system)] if system and system != stored.system else []
    return opening + ([] if stored.messages == wanted.messages else [_example(each) for each in wanted.messages])


def _example(message: ExampleMessage) -> ChatMessage:
    return ChatMessage(message.role, message.content)


def needs_a_copy(stored: Persona, wanted: Persona) -> bool:
    """Whether only a model of its own can answer as `wanted`: other stored examples, or another template."""
    other_examples = bool(stored.messages) and stored.messages != wanted.messages
    return other_examples or wanted.template != stored.template
