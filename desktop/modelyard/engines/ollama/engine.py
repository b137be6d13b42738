"""Ollama as an engine: the protocol of engines/base.py spoken to one server, local or in the network."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...errors import Code, ModelyardError
from ...events import CancelToken, Listener
from ...host.machine import same_drive
from ...modelfile.persona import Persona
from ..base import (
    Admission,
    ChatChunk,
    ChatFormat,
    ChatRequest,
    EngineState,
    EngineStatus,
    InstalledModel,
    InstallRequest,
    ModelDetails,
    RunningModel,
)
from . import names, needs, running, updating
from .chat import chat, needs_a_copy, says_it_all, with_given_system
from .client import Connection
from .find import DOWNLOAD_PAGE, find_ollama
from .find import Installation as Program
from .host_address import Address, own_address, parse_host
from .install import Installation
from .leftovers import Leftover, find_leftovers, remove_leftovers
from .listing import ENGINE_ID, Tag, find_tag, installed, tags
from .pull import pull
from .rendering import RenderCheck, check_rendering, repair_rendering
from .shown import Shown
from .start import start, version_of
from .store import Store, default_root, store_of_blob
from .version import Version

_OLD_SECONDS = 3600.0  # younger helpers may be at work, for us or for another Modelyard


class OllamaEngine:
    """One server. `address` empty: this computer's own (OLLAMA_HOST). Nothing is asked until something is called."""

    def __init__(self, address: str = "") -> None:
        """Never fails: what is no address is unreachable. `start.try_address` says more to who types one."""
        self.address: Address = parse_host(address) if address else own_address()
        self._connection = Connection(self.address)
        self._lock = threading.Lock()
        self._version: Version | None = None
        self._tried: dict[str, str] = {}  # helpers that this program made, and what they were made of

    @property
    def id(self) -> str:
        return ENGINE_ID

    def close(self) -> None:
        self._connection.close()

    # --- finding and starting ----------------------------------------------------------------------------------------

    def status(self) -> EngineStatus:
        try:
            version = version_of(self._connection)
        except ModelyardError as error:
            return EngineStatus(ENGINE_ID, self._state(error), address=self.address.url, detail=error.code.value)
        with self._lock:
            self._version = version
        return EngineStatus(ENGINE_ID, EngineState.READY, version=version.text, address=self.address.url)

    def _state(self, error: ModelyardError) -> EngineState:
        if error.code is not Code.OLLAMA_STOPPED:
            return EngineState.UNREACHABLE
        return EngineState.STOPPED if self.program().found else EngineState.MISSING

    def program(self) -> Program:
        """The Ollama installed on this computer."""
        return find_ollama()

    def start(self, cancel: CancelToken) -> EngineStatus:
        """Starts this computer's Ollama if it does not answer yet. It goes on running when we close.

        Raises OLLAMA_MISSING, OLLAMA_START_FAILED, OLLAMA_UNREACHABLE for a server elsewhere, Cancelled."""
        status = self.status()
        if status.state is EngineState.READY:
            return status
        if not self.address.is_local:
            raise ModelyardError(Code.OLLAMA_UNREACHABLE, address=self.address.url, detail="")
        start(self.program(), self._connection, cancel)
        return self.status()

    def version(self) -> Version:
        """Asked once; `status()` asks again."""
        with self._lock:
            known = self._version
        return known or Version(version_of(self._connection).text)

    # --- models ------------------------------------------------------------------------------------------------------

    def models(self) -> list[InstalledModel]:
        return [installed(tag) for tag in tags(self._connection) if not names.is_helper(tag.name)]

    def _tag(self, name: str) -> Tag:
        tag = find_tag(self._connection, name)
        if tag is None:
            raise ModelyardError(Code.ENGINE_MODEL_MISSING, name=name)
        return tag

    def show(self, name: str) -> ModelDetails:
        tag = self._tag(name)
        shown = updating.show(self._connection, tag.name)
        context = shown.metadata.get(f"{shown.metadata.get('general.architecture')}.context_length")
        listed, files = installed(tag), self._files(shown)
        model = replace(
            listed,
            capabilities=shown.capabilities or listed.capabilities,
            context_length=listed.context_length or (context if isinstance(context, int) else None),
            location=next(iter(files), None),
        )
        licence = "\n".join(shown.persona.licenses)
        return ModelDetails(model, shown.persona, shown.rendering, licence, shown.metadata, files)

    def _files(self, shown: Shown) -> tuple[Path, ...]:
        """The model's files, if all lie on this computer and may be read: so it can be moved to another engine."""
        paths = tuple(Path(blob) for blob in shown.blobs)
        return paths if self.address.is_local and all(os.access(path, os.R_OK) for path in paths) else ()

    def install(self, request: InstallRequest, listener: Listener, cancel: CancelToken) -> InstalledModel:
        return Installation(self._connection, self.version(), self.store, request, listener, cancel).run()

    def update(self, name: str, persona: Persona, listener: Listener, cancel: CancelToken) -> InstalledModel:
        tag = self._tag(name)
        cancel.check()
        updating.update(self._connection, self.version(), tag.name, persona, cancel)
        return installed(self._tag(name))

    def remove(self, name: str) -> int:
        """Bytes freed are exact where the store is on this computer; else the model's size, or nothing if another
        model is seen to share its weights."""
        tag = self._tag(name)
        store = self.store()
        freed = store.freed_by(tag.name) if store is not None and store.readable else None
        if freed is None:
            freed = self._freed_elsewhere(tag)
        self._unload_and_remove(tag.name)
        return freed

    def _unload_and_remove(self, name: str) -> None:
        """What is loaded would stay so under the removed name, and on Windows its file would stay too."""
        with contextlib.suppress(ModelyardError):
            if any(names.same(each.name, name) for each in running.running_models(self._connection)):
                running.unload(self._connection, name)
        self._connection.remove(name)

    def _freed_elsewhere(self, tag: Tag) -> int:
        size = installed(tag).size_bytes
        alike = [
            other for other in tags(self._connection) if other.name != tag.name and _weights_look_alike(other, tag)
        ]
        blobs = self._blobs(tag.name)
        return 0 if any(blobs and blobs == self._blobs(other.name) for other in alike) else size

    def _blobs(self, name: str) -> tuple[str, ...]:
        return updating.show(self._connection, name).blobs

    def copy(self, source: str, destination: str) -> InstalledModel:
        """Raises ENGINE_NAME_TAKEN: Ollama itself would overwrite."""
        tag = self._tag(source)
        if not names.is_own(destination):
            raise ModelyardError(Code.ENGINE_NAME_INVALID, name=destination)
        taken = find_tag(self._connection, destination)
        if taken is not None:
            raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=taken.name)
        self._connection.copy(tag.name, destination)
        return installed(self._tag(destination))

    def rename(self, name: str, destination: str) -> InstalledModel:
        """Ollama has no rename: a copy, which shares everything, and the old name removed.

        Raises ENGINE_NAME_TAKEN, also where only the case would differ."""
        renamed = self.copy(name, destination)
        self._unload_and_remove(self._tag(name).name)
        return renamed

    def pull(self, name: str, listener: Listener, cancel: CancelToken) -> InstalledModel:
        """Fetches a model from the Ollama library. See pull.py."""
        pull(self._connection, name, listener, cancel)
        return installed(self._tag(name))

    # --- talking -----------------------------------------------------------------------------------------------------

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        if says_it_all(request):
            yield from chat(self._connection, request, None, cancel)
            return
        stored = updating.show(self._connection, request.model)
        request = with_given_system(request, stored.persona)
        if request.persona is None or not needs_a_copy(stored, request.persona):
            yield from chat(self._connection, request, stored, cancel)
            return
        yield from self._chat_with_copy(request, request.persona, stored, cancel)

    def _chat_with_copy(
        self, request: ChatRequest, persona: Persona, stored: Shown, cancel: CancelToken
    ) -> Iterator[ChatChunk]:
        """A model for one answer: it shares the weights, also in memory, and is removed afterwards."""
        copy = names.helper("trying", f"{os.getpid()}-{threading.get_ident()}")
        self._tried[copy.lower()] = request.model
        updating.build(self._connection, self.version(), request.model, copy, persona, cancel)
        try:
            yield from chat(self._connection, replace(request, model=copy, persona=None), stored, cancel)
        finally:
            with contextlib.suppress(ModelyardError):
                self._connection.remove(copy)

    def running(self) -> list[RunningModel]:
        """A helper of ours stays loaded, under its name, when it is long removed: it is the model it was made of."""
        found: dict[str, RunningModel] = {}
        for each in running.running_models(self._connection):
            name = self._tried.get(each.name.lower(), "") if names.is_helper(each.name) else each.name
            if name:
                found.setdefault(names.parse(name).full.lower(), replace(each, name=names.parse(name).short))
        return list(found.values())

    def unload(self, name: str) -> None:
        running.unload(self._connection, name)

    def check_rendering(self, name: str, chat_format: ChatFormat) -> RenderCheck:
        """Whether the model gets the prompt its own template says. Loads the model. See rendering.py."""
        persona = updating.show(self._connection, name).persona
        return check_rendering(self._connection, name, chat_format, persona)

    def repair_rendering(self, name: str, chat_format: ChatFormat, cancel: CancelToken) -> RenderCheck:
        """Gives the model a template that sends what it expects, if one does. See rendering.py."""
        return repair_rendering(self._connection, self.version(), name, chat_format, cancel)

    def settle_prompt(self, name: str, chat_format: ChatFormat, cancel: CancelToken) -> bool:
        """See engines/base.SettlesPrompt."""
        return not self.repair_rendering(name, chat_format, cancel).differs

    # --- before an import, and free space ----------------------------------------------------------------------------

    def readiness(self, name: str, size_bytes: int, architecture: str = "", *, linked: bool = False) -> needs.Readiness:
        """What a plan must say before anything is fetched. See needs.py."""
        return needs.readiness(
            self._connection,
            self.version(),
            self.store(),
            name=name,
            size_bytes=size_bytes,
            architecture=architecture,
            linked=linked,
        )

    def admission(self, name: str, size_bytes: int, architecture: str, made_in: Path | None) -> Admission:
        """See engines/base.Admits. A model that this Ollama could not run is refused: it would only be copied."""
        store = self.store()
        linked = made_in is not None and store is not None and store.is_ours and same_drive(made_in, store.root)
        ready = self.readiness(name, size_bytes, architecture, linked=linked)
        if ready.too_old is not None:
            needed = ready.too_old.first
            raise ModelyardError(Code.OLLAMA_TOO_OLD, needed=needed, version=ready.version.text, url=DOWNLOAD_PAGE)
        warnings = tuple((code, fields) for code, fields in ready.warnings())
        return Admission(ready.taken, warnings, ready.drive, ready.need_bytes)

    def store(self) -> Store | None:
        """This server's folder, if it is on this computer: told by the FROM line of any model, else where Ollama
        keeps it by default (which a HEAD must prove before anything of it is relied on)."""
        if not self.address.is_local:
            return None
        for tag in tags(self._connection)[:3]:
            try:
                blobs = self._blobs(tag.name)
            except ModelyardError:
                continue
            if blobs:
                return store_of_blob(blobs[0])
        store = Store(default_root(os.environ, Path.home()))
        return store if store.present else None

    def leftovers(self) -> list[Leftover]:
        """What takes space in the store and belongs to no model, by the server's own rules."""
        store = self.store()
        return find_leftovers(store) if store is not None else []

    def remove_leftovers(self, chosen: list[Leftover]) -> int:
        """Files only in a store that is ours, and helpers of ours that a crash left behind. Returns bytes freed."""
        for tag in tags(self._connection):
            if names.is_helper(tag.name) and time.time() - installed(tag).modified > _OLD_SECONDS:
                self._connection.remove(tag.name)
        store = self.store()
        return remove_leftovers(store, chosen) if store is not None else 0


def _weights_look_alike(first: Tag, second: Tag) -> bool:
    keys = ("family", "parameter_size", "quantization_level")
    ours, theirs = first.record.get("details") or {}, second.record.get("details") or {}
    return all(ours.get(key) == theirs.get(key) for key in keys)
