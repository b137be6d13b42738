"""The composition root: the one file that knows every concrete class. Nobody imports it but the entry points."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .host.folders import Folders, folders_at, resources_folder
from .host.settings import Settings, Value

if TYPE_CHECKING:
    from .chat.store import ChatStore
    from .engines.base import Engine, InstalledModel
    from .events import CancelToken
    from .host.children import Child
    from .host.proxy_login import ProxyLogin
    from .host.secrets import AccessKeys
    from .hub.endpoints import Endpoint
    from .hub.session import Session
    from .hub.values import Account
    from .importing.running_cost import RunningCost
    from .importing.surroundings import Surroundings
    from .ui.services import Services, Tools

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@dataclass(frozen=True)
class House:
    """Everything built from the settings of one data folder. What costs time is made when first asked for; the
    window asks from its worker threads."""

    folders: Folders
    settings: Settings
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _engines: dict[str, tuple[tuple[Value, ...], Engine]] = field(default_factory=dict)
    _retired: list[Engine] = field(default_factory=list)

    @property
    def engines(self) -> Mapping[str, Engine]:
        """Made when first asked for, and anew after a setting they are made from has changed. The old one may still be
        giving an answer: it is closed at the end."""
        with self._lock:
            for engine_id, (keys, make) in self._engine_makers().items():
                values = tuple(self.settings.get(key) for key in keys)
                known = self._engines.get(engine_id)
                if known is None or known[0] != values:
                    if known is not None:
                        self._retired.append(known[1])
                    self._engines[engine_id] = (values, make())
            return {engine_id: engine for engine_id, (_, engine) in self._engines.items()}

    def _engine_makers(self) -> Mapping[str, tuple[Sequence[str], Callable[[], Engine]]]:
        """By id: the settings an engine is made from, and how."""
        return {
            "builtin": (("models_folder", "threads", "gpu_layers"), self._builtin),
            "ollama": (("ollama_address",), self._ollama),
        }

    def _builtin(self) -> Engine:
        from .engines.builtin.engine import BuiltinEngine
        from .importing.describe import describe

        models = self.settings.text("models_folder")
        return BuiltinEngine(
            Path(models) if models else self.folders.models,
            describe=describe,
            threads=self.settings.number("threads"),
            gpu_layers=self.settings.number("gpu_layers"),
        )

    def _ollama(self) -> Engine:
        from .engines.ollama.engine import OllamaEngine

        return OllamaEngine(self.settings.text("ollama_address"))

    @cached_property
    def _chats(self) -> ChatStore:
        from .chat.store import ChatStore

        return ChatStore(self.folders.chats_file)

    @property
    def chats(self) -> ChatStore:
        """Conversations. Raises what ChatStore raises."""
        with self._lock:
            return self._chats

    @cached_property
    def keys(self) -> AccessKeys:
        from .host.secrets import AccessKeys
        from .host.secrets_keyring import KeyringStore

        return AccessKeys(KeyringStore())

    def endpoint(self) -> Endpoint:
        """The chosen download source. Raises HUB_ENDPOINT_INVALID."""
        from .hub.endpoints import choose_endpoint

        return choose_endpoint(self.settings.text("download_source"), self.settings.text("download_address"))

    def hub(self) -> Session:
        """A session with the chosen download source. Raises HUB_ENDPOINT_INVALID, SECRET_INVALID."""
        from .hub.endpoints import environment_key_host
        from .hub.network import Network
        from .hub.session import Credentials, Session

        endpoint = self.endpoint()
        found = self.keys.find(endpoint.key_host, environment_key_host())
        key = found.secret if found else None
        credentials = Credentials(key, endpoint.key_host, self.settings.flag("mirror_gets_token"))
        return Session(endpoint, credentials, Network(self.proxy()))

    def proxy(self) -> str:
        """ "system", "none" or an address with its login. May wait for the keyring's owner."""
        return self.proxy_login.address()

    @property
    def proxy_login(self) -> ProxyLogin:
        from .host.proxy_login import ProxyLogin

        return ProxyLogin(self.settings, self.keys)

    @property
    def surroundings(self) -> Surroundings:
        from .host.machine import this_machine
        from .hub.fetch.cache import cache_folder
        from .importing.surroundings import Surroundings

        work = self.settings.text("work_folder")
        return Surroundings(
            machine=this_machine(),
            folders=self.folders,
            engines=self.engines,
            hub=self.hub,
            default_engine=self._default_engine(),
            work=Path(work) if work else None,
            threads=self.settings.number("threads"),
            download_limit=self.settings.number("download_limit_mb") * 1_000_000,
            hub_cache=cache_folder(),
        )

    def _default_engine(self) -> str:
        """Ollama is asked only if the person chose "Ollama when it is running"."""
        from .engines.base import EngineState

        chosen = self.settings.text("engine")
        if chosen != "auto":
            return chosen
        running = self.engines["ollama"].status().state is EngineState.READY
        return "ollama" if running else "builtin"

    def start_worker(self, record: Mapping[str, Any]) -> Child:
        """A worker process doing one job. Access keys that are in no keyring travel over its pipe. Raises OSError."""
        from .host.children import Child, self_command
        from .importing.housekeeping import tidy
        from .importing.jobs import JobBook

        if record.get("job") == "import":
            tidy(JobBook(self.folders.jobs), self.surroundings.work_folder)
        self.proxy_login.settle()  # before a second process reads the settings
        child = Child(self_command("worker", "--data-dir", str(self.folders.root)))
        child.send({**record, "keys": self.keys.not_in_keyring()})
        return child

    def close(self) -> None:
        with self._lock:
            for engine in (*self._retired, *(engine for _, engine in self._engines.values())):
                engine.close()
            if "_chats" in self.__dict__:
                self._chats.close()


def build_house(data_dir: Path | None) -> House:
    """Raises FOLDER_NOT_WRITABLE."""
    folders = folders_at(data_dir)
    folders.make()
    return House(folders, Settings(folders.settings_file))


def child_main(role: str, arguments: list[str]) -> int:
    """A child of ours: the engine, the reader of a document, the checks of the self-test, or the worker that runs one
    job."""
    if role == "engine":
        from .engines.builtin.child import main as engine_child

        return engine_child()
    if role == "reader":
        from .chat.pdf_child import main as reader

        return reader(arguments)
    if role == "selftest":
        from .selftest.checks import main as checks

        return checks()
    from .host.logs import log_to
    from .importing.worker import main as worker

    house = build_house(_window_arguments(arguments).data_dir)
    log_to(house.folders.logs, "worker")
    try:
        return worker(lambda: house.surroundings, house.keys)
    finally:
        house.close()


def window_main(arguments: list[str]) -> int:
    """The window; a file among the arguments opens the import wizard on it. Without a display: a hint, status 2."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in _DISPLAYS):
        from .words.catalogue import catalogue, system_language

        print(catalogue(system_language()).label("hints", "no_display"), file=sys.stderr)  # noqa: T201 - no window to say it in
        return 2
    from .host.crash_log import stop_watching, watch_crashes
    from .host.logs import log_to
    from .ui.app import Opening, run_window

    options = _window_arguments(arguments)
    house = build_house(options.data_dir)
    log_to(house.folders.logs)
    text = options.files[0] if options.files else ""
    path = Path(text)
    asked = str(path.absolute()) if text and path.exists() else text
    crashed, stream = watch_crashes(house.folders.logs)
    try:
        return run_window(make_services(house), Opening(asked, crashed))
    finally:
        house.close()
        stop_watching(stream)


def make_services(house: House) -> Services:
    """The window's collaborators. Nothing here imports more than values before it is called."""
    from .host.machine import this_machine
    from .host.redact import redact
    from .importing.jobs import JobBook
    from .importing.naming import technical_name
    from .importing.sample import sample_text
    from .ui.services import Services, Starter

    def starters(language: str) -> tuple[Starter, ...]:
        from .modelfile.starters import starters as shipped

        found = shipped(resources_folder() / "personas", language)
        return tuple(Starter(each.title, each.line, each.persona) for each in found)

    def parse(text: str) -> Any:
        from .importing.understand import parse_source

        return parse_source(text)

    def publisher(cancel: CancelToken) -> Account:
        from .importing.publishing import publisher as ask

        return ask(house.hub, cancel)

    def search_hub(words: str, cancel: CancelToken) -> list[str]:
        from .hub.look import search

        return search(house.hub(), words, cancel=cancel)

    def running_cost(model: InstalledModel) -> RunningCost | None:
        from .importing.running_cost import running_cost as reckon

        return reckon(model, this_machine())

    def plan(inspection: Any, choice: Any) -> Any:
        from .importing.planning import make_plan

        return make_plan(inspection, choice, house.surroundings)

    return Services(
        settings=house.settings,
        folders=house.folders,
        engines=lambda: house.engines,
        parse=parse,
        plan=plan,
        jobs=JobBook(house.folders.jobs),
        start_worker=house.start_worker,
        technical_name=technical_name,
        sample_model=sample_text(),
        chats=lambda: house.chats,
        starters=starters,
        redact=redact,
        machine=this_machine,
        publisher=publisher,
        search_hub=search_hub,
        running_cost=running_cost,
        tools=make_tools(house),
    )


def make_tools(house: House) -> Tools:
    """What settings and the self-check ask."""
    from .importing.access import HubAccess
    from .importing.checkup import Checkup
    from .ui.services import Tools

    def try_ollama(text: str) -> str:
        from .engines.ollama.host_address import own_address
        from .engines.ollama.start import try_address

        return try_address(text or own_address().url).text

    def newer() -> str:
        from . import __version__
        from .hub.network import Network
        from .hub.releases import newer_release

        return newer_release(__version__, Network(house.proxy()))

    access = HubAccess(house.keys, house.endpoint, house.hub)
    checkup = Checkup(house.settings, lambda: house.surroundings, access)
    return Tools(try_ollama, access, checkup, newer, house.proxy_login)


def _window_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="modelyard")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("files", nargs="*")
    options, _ = parser.parse_known_args(arguments)
    return options
