"""The built-in engine: models as folders, answers from llama.cpp in a child process of ours."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken, Listener
from ...host.children import self_command
from ...host.machine import this_machine
from ...modelfile.persona import Persona
from ..base import (
    ChatChunk,
    ChatRequest,
    ChatStats,
    EngineState,
    EngineStatus,
    InstalledModel,
    InstallRequest,
    ModelDetails,
    RunningModel,
)
from ..facts import Describe, ModelFacts
from .answering import UNKNOWN_TEMPLATE, Question, answer, question_of
from .model_folder import ModelFolder, rename_in, write_facts, write_new, write_persona_into
from .names import checked
from .placing import copy_folder, place_files
from .shelf import Shelf
from .speaker import Speaker
from .turns import Turns

_IDLE_SECONDS = 600.0


class BuiltinEngine:
    """See engines/base.Engine. One model is loaded at a time; questions asked meanwhile wait their turn, also those
    for another model. `describe` reads a GGUF's header."""

    id = "builtin"

    def __init__(
        self,
        models: Path,
        *,
        describe: Describe,
        threads: int = 0,
        gpu_layers: int = -1,
        idle_seconds: float = _IDLE_SECONDS,
        command: Sequence[str] | None = None,
    ) -> None:
        """`threads`: 0 = all physical cores. `gpu_layers`: -1 = automatic. `idle_seconds`: a model nobody asks is
        unloaded after this time (0 = never). `command`: what starts the engine's process."""
        self._shelf = Shelf(models)
        self._describe = describe
        self._threads = threads
        self._gpu_layers = gpu_layers
        self._speaker = Speaker(command or self_command("engine"), idle_seconds)
        self._turns = Turns()

    def status(self) -> EngineStatus:
        if importlib.util.find_spec("xllamacpp") is None:
            return EngineStatus(self.id, EngineState.MISSING)
        return EngineStatus(self.id, EngineState.READY, _version())

    # --- models --------------------------------------------------------------------------------------------------

    def models(self) -> list[InstalledModel]:
        return [self._listed(model) for model in self._shelf.models()]

    def install(self, request: InstallRequest, listener: Listener, cancel: CancelToken) -> InstalledModel:
        name = checked(request.name)
        if not request.replace:
            self._shelf.check_free(name)
        with self._shelf.making() as path:
            files = place_files(request, path, listener, cancel)
            facts = self._describe(path / files[0])
            write_new(path, name, files, request, facts)
            cancel.check()
            if request.replace:
                self._speaker.unload(name)
            return self._listed(self._shelf.publish(path, name, replace=request.replace))

    def update(self, name: str, persona: Persona, listener: Listener, cancel: CancelToken) -> InstalledModel:
        with self._shelf.writing():
            write_persona_into(self._shelf.find(name), persona)
        return self._listed(self._shelf.find(name))

    def remove(self, name: str) -> int:
        self.unload(name)
        return self._shelf.remove(name)

    def copy(self, source: str, destination: str) -> InstalledModel:
        model = self._shelf.find(source)
        self._shelf.check_free(destination)
        with self._shelf.making() as path:
            copy_folder(model.path, path)
            rename_in(path, checked(destination))
            return self._listed(self._shelf.publish(path, destination, replace=False))

    def show(self, name: str) -> ModelDetails:
        model = self._shelf.find(name)
        facts = self._facts(model)
        return ModelDetails(
            model=self._listed(model),
            persona=model.persona(),
            chat_template=facts.chat_template,
            licence=facts.licence,
            metadata=facts.metadata,
            files=(*model.files, *([model.projector] if model.projector else [])),
        )

    # --- answers -------------------------------------------------------------------------------------------------

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        started = time.monotonic()
        model = self._shelf.find(request.model)
        facts = self._facts(model)
        question = question_of(request, model, facts, this_machine(), self._threads, self._gpu_layers)
        token = CancelToken()
        cancel.on_cancel(token.cancel)
        if not self._turns.take(token):
            yield ChatChunk(stats=ChatStats("cancelled"))
            return
        try:
            yield from self._spoken(question, started, token)
        except Cancelled:
            yield ChatChunk(stats=ChatStats("cancelled"))
        finally:
            token.cancel()
            self._speaker.idle()
            self._turns.give_back()

    def _spoken(self, question: Question, started: float, token: CancelToken) -> Iterator[ChatChunk]:
        """The answer. A process that died since the last answer is noticed only now: then a new one is asked."""
        for again in (True, False):
            process = self._speaker.ready(question, token)
            used, silent = process.answers > 0, True
            try:
                for chunk in answer(question, process, started, token):
                    silent = False
                    yield chunk
                return
            except ModelyardError as error:
                if not (again and used and silent and error.code is Code.ENGINE_CRASHED):
                    raise

    def running(self) -> list[RunningModel]:
        process = self._speaker.process
        if process is None:
            return []
        return [RunningModel(process.name, process.memory_bytes(), process.loading.context)]

    def unload(self, name: str) -> None:
        self._speaker.unload(self._shelf.find(name).name)

    def close(self) -> None:
        self._speaker.unload()

    # --- facts ---------------------------------------------------------------------------------------------------

    def _facts(self, model: ModelFolder) -> ModelFacts:
        """Remembered, or read from the header now. A header that cannot be read is llama.cpp's to judge."""
        if model.facts is not None:
            return model.facts
        try:
            facts = self._describe(model.gguf)
        except ModelyardError:
            return ModelFacts(weight_bytes=model.size_bytes(), chat_template=UNKNOWN_TEMPLATE)
        write_facts(model, facts)
        return facts

    def _listed(self, model: ModelFolder) -> InstalledModel:
        facts = self._facts(model)
        return InstalledModel(
            engine=self.id,
            name=model.name,
            display_name=model.display_name,
            architecture=facts.architecture,
            parameters=facts.parameters,
            size_label=facts.size_label,
            size_bytes=model.size_bytes(),
            modified=model.modified(),
            context_length=facts.context_length,
            capabilities=facts.capabilities(model.projector is not None),
            location=model.gguf,
            conversation_bytes=facts.cache_bytes.get(4096),
        )


def _version() -> str:
    try:
        return importlib.metadata.version("xllamacpp")
    except importlib.metadata.PackageNotFoundError:
        return ""
