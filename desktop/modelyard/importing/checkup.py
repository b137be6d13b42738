"""The self-check: is everything here that an import and a conversation need, and what can be put right at once?

Looking may ask the keyring, Ollama and the download source; it belongs on a worker thread."""

from __future__ import annotations

import os
import re
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..engines.base import EngineState
from ..errors import Code, ModelyardError
from ..events import CancelToken
from ..host.machine import free_space
from ..host.settings import Settings
from .access import HubAccess
from .inspection import Note
from .surroundings import Surroundings

LOW_BYTES = 5_000_000_000  # less than an ordinary model takes while it is made
_PLAIN_ADDRESS = "127.0.0.1:11434"
_PORT = re.compile(r"(?:^|[^:\]]|\])(?<!:):([^:\]]*)$")  # what stands behind the one colon, or behind [address]:


class Part(StrEnum):
    """What is looked at, in the order in which it is shown."""

    ENGINE = "engine"
    OLLAMA = "ollama"
    OLLAMA_ADDRESS = "ollama_address"
    OLLAMA_FOLDER = "ollama_folder"
    FOLDERS = "folders"
    DISK = "disk"
    KEYRING = "keyring"
    SOURCE = "source"
    PROXY = "proxy"


@dataclass(frozen=True)
class Finding:
    """One part. `error`: it does not work; `note`: it works, but there is something to know; neither: all is well.
    `repairable`: `Checkup.repair` can try."""

    part: Part
    error: ModelyardError | None = None
    note: Note | None = None
    repairable: bool = False

    @property
    def well(self) -> bool:
        return self.error is None and self.note is None


@dataclass(frozen=True)
class Checkup:
    settings: Settings
    surroundings: Callable[[], Surroundings]
    access: HubAccess

    def look(self, cancel: CancelToken) -> list[Finding]:
        """Every part in turn. Raises Cancelled."""
        looks: Mapping[Part, Callable[[], Finding]] = {
            Part.ENGINE: self._engine,
            Part.OLLAMA: self._ollama,
            Part.OLLAMA_ADDRESS: self._ollama_address,
            Part.OLLAMA_FOLDER: self._ollama_folder,
            Part.FOLDERS: self._folders,
            Part.DISK: self._disk,
            Part.KEYRING: self._keyring,
            Part.SOURCE: self._source,
            Part.PROXY: self._proxy,
        }
        found = []
        for part, look in looks.items():
            cancel.check()
            try:
                found.append(look())
            except ModelyardError as error:
                found.append(Finding(part, error))
        return found

    def repair(self, findings: list[Finding], cancel: CancelToken) -> list[Finding]:
        """Tries what can be tried, then looks again. Raises Cancelled."""
        for finding in findings:
            cancel.check()
            if finding.repairable:
                try:
                    self._repair(finding.part, cancel)
                except (ModelyardError, OSError):
                    continue  # looking again tells what is still wrong
        return self.look(cancel)

    def _repair(self, part: Part, cancel: CancelToken) -> None:
        match part:
            case Part.OLLAMA:
                from ..engines.ollama.engine import OllamaEngine

                engine = self.surroundings().engine("ollama")
                if isinstance(engine, OllamaEngine):
                    engine.start(cancel)
            case Part.OLLAMA_ADDRESS:
                self.settings.set("ollama_address", _PLAIN_ADDRESS)
            case Part.FOLDERS:
                self.surroundings().folders.make()
            case Part.KEYRING:
                self.access.key_state()  # the system asks its owner to unlock it
            case _:
                pass

    # --- looking -------------------------------------------------------------------------------------------------

    def _engine(self) -> Finding:
        status = self.surroundings().engine("builtin").status()
        if status.state is EngineState.READY:
            return Finding(Part.ENGINE)
        return Finding(Part.ENGINE, ModelyardError(Code.QUANTIZER_MISSING, detail=status.detail or status.state.value))

    def _ollama(self) -> Finding:
        """Not having it is fine; having it and not running matters where models are meant to go there."""
        status = self.surroundings().engine("ollama").status()
        if status.state is EngineState.READY:
            return Finding(Part.OLLAMA)
        if status.state is EngineState.STOPPED:
            return Finding(Part.OLLAMA, note=Note("ollama_not_running"), repairable=True)
        if status.state is EngineState.UNREACHABLE:
            return Finding(Part.OLLAMA, ModelyardError(Code.OLLAMA_UNREACHABLE, address=status.address, detail=""))
        if self.settings.text("engine") == "ollama":
            return Finding(Part.OLLAMA, ModelyardError(Code.OLLAMA_MISSING, url="https://ollama.com/download"))
        return Finding(Part.OLLAMA, note=Note("ollama_not_here"))

    def _ollama_address(self) -> Finding:
        """OLLAMA_HOST as the environment has it: what Ollama cannot read falls back in silence."""
        from ..engines.ollama.host_address import typed_address

        text = os.environ.get("OLLAMA_HOST", "").strip().strip("\"'")
        if self.settings.text("ollama_address") or not text:
            return Finding(Part.OLLAMA_ADDRESS)
        try:
            typed_address(text)
            port = _PORT.search((text.partition("://")[2] or text).partition("/")[0])
            odd = port is not None and not (port[1].isascii() and port[1].isdigit() and int(port[1]) < 65536)
        except ModelyardError:
            odd = True
        if not odd:
            return Finding(Part.OLLAMA_ADDRESS)
        return Finding(Part.OLLAMA_ADDRESS, note=Note("ollama_host_odd", {"text": text[:80]}), repairable=True)

    def _ollama_folder(self) -> Finding:
        """On Windows llama.cpp inside Ollama cannot open paths beyond ASCII (ollama#16493)."""
        from ..engines.ollama.engine import OllamaEngine

        engine = self.surroundings().engine("ollama")
        if sys.platform == "win32" and isinstance(engine, OllamaEngine):
            try:
                store = engine.store()
            except ModelyardError:
                store = None
            if store is not None and not str(store.root).isascii():
                return Finding(Part.OLLAMA_FOLDER, note=Note("ollama_folder_not_ascii", {"folder": str(store.root)}))
        return Finding(Part.OLLAMA_FOLDER)

    def _folders(self) -> Finding:
        """Can we write where we keep things?"""
        here = self.surroundings()
        for folder in (here.folders.root, here.folders.models, here.work_folder):
            if not os.access(folder, os.W_OK | os.X_OK):
                error = ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(folder))
                return Finding(Part.FOLDERS, error, repairable=True)
        return Finding(Part.FOLDERS)

    def _disk(self) -> Finding:
        here = self.surroundings()
        folder = min((here.work_folder, here.folders.models), key=free_space)
        free = free_space(folder)
        if free >= LOW_BYTES:
            return Finding(Part.DISK)
        return Finding(
            Part.DISK, ModelyardError(Code.DISK_FULL, folder=str(folder), need_bytes=LOW_BYTES, free_bytes=free)
        )

    def _keyring(self) -> Finding:
        """Wanted only for an access key: its absence is something to know, no fault."""
        trouble = self.access.key_state().keyring
        if trouble is None:
            return Finding(Part.KEYRING)
        if trouble.code is Code.KEYRING_MISSING:
            return Finding(Part.KEYRING, note=Note("no_keyring"))
        return Finding(Part.KEYRING, trouble, repairable=trouble.code is Code.KEYRING_LOCKED)

    def _source(self) -> Finding:
        self.access.test_source()
        return Finding(Part.SOURCE)

    def _proxy(self) -> Finding:
        """We go around it; Ollama's own programs may not."""
        proxies = urllib.request.getproxies()
        swallowed = any(proxies.get(scheme) for scheme in ("http", "all")) and not urllib.request.proxy_bypass(
            "127.0.0.1"
        )
        return Finding(Part.PROXY, note=Note("proxy_swallows_loopback") if swallowed else None)
