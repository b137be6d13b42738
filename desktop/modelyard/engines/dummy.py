"""A twin of the real engines for tests and for trying the window: models in memory, answers from a script."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step, progress
from ..modelfile.persona import Persona
from .asking import conversation, options_of
from .base import (
    ChatChunk,
    ChatMessage,
    ChatRequest,
    ChatStats,
    EngineState,
    EngineStatus,
    InstalledModel,
    InstallRequest,
    ModelDetails,
    RunningModel,
)
from .builtin.names import checked
from .facts import ModelFacts

Script = Callable[[tuple[ChatMessage, ...]], Iterable[str]]
"""The pieces of an answer to a conversation (system text and example messages included)."""

_BLOCK = 1 << 20


def echo(messages: tuple[ChatMessage, ...]) -> Iterator[str]:
    """Says who it is told to be and repeats the question, word by word."""
    for message in messages:
        if message.role == "system":
            yield f"[{message.content}] "
    yield from (f"{word} " for word in messages[-1].content.split(" "))


@dataclass
class _Model:
    listed: InstalledModel
    persona: Persona
    embedding: bool


class DummyEngine:
    """See base.Engine. `script` makes the answers, `pause` seconds pass before each piece. `failure`, when set, is
    raised by the next answer after its first piece. `requests` remembers what was asked."""

    id = "dummy"

    def __init__(self, script: Script = echo, pause: float = 0.0) -> None:
        self.script = script
        self.pause = pause
        self.failure: ModelyardError | None = None
        self.requests: list[ChatRequest] = []
        self._models: dict[str, _Model] = {}
        self._loaded: str | None = None
        self._lock = threading.Lock()

    def status(self) -> EngineStatus:
        return EngineStatus(self.id, EngineState.READY, "1")

    def models(self) -> list[InstalledModel]:
        with self._lock:
            return [model.listed for model in reversed(self._models.values())]

    def install(self, request: InstallRequest, listener: Listener, cancel: CancelToken) -> InstalledModel:
        name = checked(request.name)
        if not request.replace:
            self._check_free(name)
        facts = self._read(request, listener, cancel)
        cancel.check()
        listed = InstalledModel(
            engine=self.id,
            name=name,
            display_name=request.display_name or request.persona.name,
            architecture=facts.architecture,
            size_label=facts.size_label,
            size_bytes=facts.weight_bytes,
            modified=time.time(),
            context_length=4096,
            capabilities=facts.capabilities(request.projector is not None),
        )
        self._put(_Model(listed, replace(request.persona, base=""), facts.is_embedding))
        return listed

    def update(self, name: str, persona: Persona, listener: Listener, cancel: CancelToken) -> InstalledModel:
        model = self._find(name)
        listed = replace(model.listed, modified=time.time(), display_name=persona.name or model.listed.display_name)
        self._put(_Model(listed, replace(persona, base=""), model.embedding))
        return listed

    def remove(self, name: str) -> int:
        model = self._find(name)
        self.unload(name)
        with self._lock:
            del self._models[_key(name)]
        return model.listed.size_bytes

    def copy(self, source: str, destination: str) -> InstalledModel:
        model = self._find(source)
        self._check_free(destination)
        listed = replace(model.listed, name=checked(destination), modified=time.time())
        self._put(_Model(listed, model.persona, model.embedding))
        return listed

    def show(self, name: str) -> ModelDetails:
        model = self._find(name)
        return ModelDetails(model.listed, replace(model.persona, name=model.listed.display_name))

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        model = self._find(request.model)
        if model.embedding:
            raise ModelyardError(Code.ENGINE_NO_CHAT, name=model.listed.name)
        persona = request.persona if request.persona is not None else model.persona
        options = options_of(request, persona)
        self.requests.append(request)
        self._loaded = _key(request.model)
        limit = options.get("num_predict", -1)
        most = limit if isinstance(limit, int) and limit >= 0 else None
        started, count, reason = time.monotonic(), 0, "stop"
        for text in self.script(tuple(conversation(request, persona))):
            if cancel.wait(self.pause) if self.pause else cancel.cancelled:
                reason = "cancelled"
                break
            if most is not None and count >= most:
                reason = "length"
                break
            count += 1
            yield ChatChunk(text)
            if self.failure is not None:
                failure, self.failure = self.failure, None
                raise failure
        reason = "cancelled" if cancel.cancelled else reason
        speed = count / max(1e-3, time.monotonic() - started)
        yield ChatChunk(stats=ChatStats(reason, 1, count, tokens_per_second=speed, context_length=4096))

    def running(self) -> list[RunningModel]:
        model = self._models.get(self._loaded or "")
        return [RunningModel(model.listed.name, model.listed.size_bytes, 4096)] if model else []

    def unload(self, name: str) -> None:
        self._find(name)
        if self._loaded == _key(name):
            self._loaded = None

    def close(self) -> None:
        self._loaded = None

    def _read(self, request: InstallRequest, listener: Listener, cancel: CancelToken) -> ModelFacts:
        """Reads the file once, as a real engine would, and takes two facts from its first bytes."""
        done, start = 0, b""
        try:
            with request.gguf.open("rb") as file:
                total = request.gguf.stat().st_size
                while block := file.read(_BLOCK):
                    cancel.check()
                    start = start or block
                    done += len(block)
                    listener(progress(Step.ADDING, done, total))
        except FileNotFoundError as error:
            raise ModelyardError(Code.FILE_MISSING, name=request.gguf.name) from error
        if not start.startswith(b"GGUF"):
            raise ModelyardError(Code.GGUF_NOT_GGUF, name=request.gguf.name)
        architecture = "llama" if b"llama" in start else "other"
        return ModelFacts(architecture, size_label="F32", weight_bytes=done, is_embedding=b".pooling_type" in start)

    def _check_free(self, name: str) -> None:
        if _key(checked(name)) in self._models:
            raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=checked(name))

    def _put(self, model: _Model) -> None:
        with self._lock:
            self._models.pop(_key(model.listed.name), None)
            self._models[_key(model.listed.name)] = model

    def _find(self, name: str) -> _Model:
        model = self._models.get(_key(name))
        if model is None:
            raise ModelyardError(Code.ENGINE_MODEL_MISSING, name=name)
        return model


def _key(name: str) -> str:
    return name.lower().removesuffix(":latest")
