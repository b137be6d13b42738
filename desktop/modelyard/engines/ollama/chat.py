"""Talking to a model: a stream with thinking and numbers at the end, ended at once when cancelled."""

from __future__ import annotations

import base64
import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from ...modelfile.parameters import PARAMETERS
from ...modelfile.persona import ExampleMessage, ParameterValue, Persona
from ..base import ChatChunk, ChatMessage, ChatRequest, ChatStats
from . import names
from .client import Connection
from .creating import plain_options
from .running import running_models
from .shown import Shown
from .templates import with_ends

# About the computer, not about the answer: changing them would only load the model anew.
_OF_THE_COMPUTER = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "draft_num_predict")
_NANO = 1e9


def chat(
    connection: Connection, request: ChatRequest, stored: Shown | None, cancel: CancelToken
) -> Iterator[ChatChunk]:
    """`stored` is what the model has of its own, needed only where the request brings another persona or stops.

    Raises coded errors; cancelling ends with a chunk whose stats say "cancelled"."""
    if stored is not None:
        if request.persona is not None:
            request = with_persona(request, stored.persona, request.persona)
        if "stop" in request.options:  # in place of the stored ones, which hold the ends of turns
            stops = with_ends(request.options["stop"], stored.ends)
            request = replace(request, options={**request.options, "stop": stops})
    talk = _Talk(connection, request, cancel)
    try:
        yield from talk.answer()
    except Cancelled:
        yield ChatChunk(stats=talk.cut_stats())
        return
    yield ChatChunk(stats=talk.stats())


class _Talk:
    """One answer. Ollama would drop the oldest messages silently where they do not fit; it is told not to
    (`truncate`, which the official client cannot say), and they are dropped here, counted."""

    def __init__(self, connection: Connection, request: ChatRequest, cancel: CancelToken) -> None:
        self._connection = connection
        self._request = request
        self._cancel = cancel
        self._messages = list(request.messages)
        self._began = time.monotonic()
        self._first: float | None = None
        self._pieces = 0
        self._forgotten = 0
        self._last: Mapping[str, Any] = {}

    def answer(self) -> Iterator[ChatChunk]:
        while True:
            try:
                yield from self._once()
                return
            except ModelyardError as error:
                if error.code is not Code.ENGINE_PROMPT_TOO_LONG or not self._forget(error):
                    raise

    def _once(self) -> Iterator[ChatChunk]:
        body = {
            "model": self._request.model,
            "messages": [_message(each) for each in self._messages],
            "options": plain_options(self._request.options),
            "stream": True,
            "truncate": False,
        }
        if self._request.think is not None:
            body["think"] = self._request.think
        lines = self._connection.lines("/api/chat", body, self._cancel, self._request.model)
        with contextlib.closing(lines):
            for record in lines:
                message = record.get("message")
                message = message if isinstance(message, dict) else {}
                text, thinking = str(message.get("content") or ""), str(message.get("thinking") or "")
                if text or thinking:
                    self._first = time.monotonic() - self._began if self._first is None else self._first
                    self._pieces += 1
                    yield ChatChunk(text, thinking)
                if record.get("done"):
                    self._last = record
                    return
        raise ModelyardError(Code.OLLAMA_LOST, address=self._connection.address.url)

    def _forget(self, error: ModelyardError) -> bool:
        """Drops the oldest messages after a system text, about as many as do not fit; never the last one."""
        start = 1 if self._messages and self._messages[0].role == "system" else 0
        spare = len(self._messages) - 1 - start
        if spare < 1:
            return False
        prompt, context = error.fields.get("prompt_tokens"), error.fields.get("context_length")
        share = 1 - int(context) / int(prompt) if isinstance(prompt, int) and isinstance(context, int) and prompt else 0
        count = min(spare, max(2, math.ceil(spare * max(share, 0.0))))
        del self._messages[start : start + count]
        self._forgotten += count
        return True

    def stats(self) -> ChatStats:
        seconds = _count(self._last.get("eval_duration")) / _NANO
        tokens = _count(self._last.get("eval_count"))
        return ChatStats(
            reason="length" if self._last.get("done_reason") == "length" else "stop",
            prompt_tokens=_count(self._last.get("prompt_eval_count")),
            answer_tokens=tokens,
            load_seconds=_count(self._last.get("load_duration")) / _NANO,
            first_token_seconds=self._first or 0.0,
            tokens_per_second=tokens / seconds if seconds else 0.0,
            context_length=_context(self._connection, self._request.model),
            forgotten=self._forgotten,
        )

    def cut_stats(self) -> ChatStats:
        """What can be said of an answer whose numbers never came: pieces count as tokens."""
        speaking = time.monotonic() - self._began - (self._first or 0.0)
        return ChatStats(
            reason="cancelled",
            answer_tokens=self._pieces,
            first_token_seconds=self._first or 0.0,
            tokens_per_second=self._pieces / speaking if speaking > 0 else 0.0,
            forgotten=self._forgotten,
        )


def _message(message: ChatMessage) -> dict[str, Any]:
    record: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.thinking:
        record["thinking"] = message.thinking
    if message.images:
        record["images"] = [base64.b64encode(image).decode("ascii") for image in message.images]
    return record


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _context(connection: Connection, model: str) -> int | None:
    """How much the loaded model remembers; nothing is lost if that cannot be asked. Models of the same weights share
    one place in memory, which the server lists under the name that came first."""
    with contextlib.suppress(ModelyardError):
        loaded = running_models(connection)
        mine = [each for each in loaded if names.same(each.name, model)] or (loaded if len(loaded) == 1 else [])
        return mine[0].context_length if mine else None
    return None


def with_persona(request: ChatRequest, stored: Persona, wanted: Persona) -> ChatRequest:
    """The same request, worded so that the model answers as `wanted` although it is stored as `stored`.

    Ollama puts its stored examples before the request's messages and its system text first, unless the request
    begins with a system text. Stored examples cannot be left out by a request: see `needs_a_copy`."""
    options = {key: value for key, value in _defaults().items() if key in stored.parameters}
    options |= wanted.parameters
    given = request.messages
    system: tuple[ChatMessage, ...] = ()
    if given and given[0].role == "system":
        system, given = given[:1], given[1:]
    elif wanted.system != stored.system:
        system = (ChatMessage("system", wanted.system or " "),)  # Ollama puts its own where there is none
    examples = () if stored.messages == wanted.messages else tuple(_example(each) for each in wanted.messages)
    return replace(request, messages=(*system, *examples, *given), options={**options, **request.options}, persona=None)


def _defaults() -> dict[str, ParameterValue]:
    """What Ollama uses where nothing is said: a persona that no longer says something must not inherit it."""
    known = {name: parameter.default for name, parameter in PARAMETERS.items() if name not in _OF_THE_COMPUTER}
    return {name: value for name, value in known.items() if value is not None} | {"stop": ()}


def _example(message: ExampleMessage) -> ChatMessage:
    return ChatMessage(message.role, message.content)


def needs_a_copy(shown: Shown, wanted: Persona) -> bool:
    """Whether only a model of its own can answer as `wanted`: another template or renderer, other stored examples, or a
    system text that Ollama would put behind the stored examples (recorded: "render persona with own system")."""
    stored = shown.persona
    same = (wanted.messages, wanted.system) == (stored.messages, stored.system)
    formats = ((wanted.renderer, shown.renderer), (wanted.parser, shown.parser))
    other_format = wanted.template != stored.template or any(own and own != there for own, there in formats)
    return other_format or (bool(stored.messages) and not same)


def with_given_system(request: ChatRequest, stored: Persona) -> ChatRequest:
    """A system text that begins a conversation, as a persona's: it belongs before the persona's examples."""
    persona = request.persona if request.persona is not None else stored
    if not persona.messages or not _begins_with_system(request):
        return request
    given, *rest = request.messages
    return replace(request, messages=tuple(rest), persona=replace(persona, system=given.content))


def says_it_all(request: ChatRequest) -> bool:
    """Whether nothing of the stored model matters to what is sent."""
    return request.persona is None and "stop" not in request.options and not _begins_with_system(request)


def _begins_with_system(request: ChatRequest) -> bool:
    return bool(request.messages) and request.messages[0].role == "system"
