"""Twins of what the window works with: an engine, and a worker process; settings, jobs and chats are real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelyard.chat.store import ChatStore
from modelyard.engines.base import (
    ChatChunk,
    ChatRequest,
    ChatStats,
    EngineState,
    EngineStatus,
    InstalledModel,
    ModelDetails,
    RunningModel,
)
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken, Step, done, failed, progress, step_finished, step_started
from modelyard.host.folders import Folders
from modelyard.host.machine import Machine
from modelyard.host.redact import redact
from modelyard.host.settings import Settings
from modelyard.hub.values import Account
from modelyard.importing.inspection import Fit, Group, Inspection, MemorySum, Note, Refusal, SizeOption
from modelyard.importing.jobs import JobBook
from modelyard.importing.plan import DriveUse, ImportChoice, ImportPlan, PlannedStep
from modelyard.importing.running_cost import RunningCost, running_cost
from modelyard.importing.sources import GgufFile, Source
from modelyard.importing.wire import from_json, to_json
from modelyard.modelfile.persona import Persona
from modelyard.ui.services import Services, Starter

from .twins_settings import TwinAccess, TwinCheckup, TwinProxyLogin, tools

MODEL = InstalledModel(
    engine="builtin",
    name="smollm2-135m-instruct",
    display_name="SmolLM2 135M Instruct",
    architecture="llama",
    parameters=134_515_008,
    size_label="Q4_K_M",
    size_bytes=105_454_432,
    modified=1_790_000_000,
    context_length=8192,
    capabilities=("completion",),
)
ANSWER = (
    "# A rainbow\n\nSunlight is **bent** and *split* inside `water` drops, see [this](https://example.org/a?b=c).\n\n"
    "1. Light enters the drop.\n2. It is bent.\n\n```python\ndef bend(light: str) -> int:\n    # a comment\n"
    "    return len(light) * 2 + 42\n```\n\n| colour | nm |\n|---|---|\n| red | 700 |\n| blue | 450 |\n\n> Look up!\n"
)


class TwinEngine:
    """Answers `answer` in small pieces, `pause` seconds apart; `error` is raised instead when set."""

    def __init__(self, models: Sequence[InstalledModel] = (MODEL,), engine_id: str = "builtin") -> None:
        self.id = engine_id
        self.list = list(models)
        self.answer = ANSWER
        self.pause = 0.0
        self.error: ModelyardError | None = None
        self.requests: list[ChatRequest] = []
        self.state = EngineState.READY
        self.loaded: list[RunningModel] = []

    def status(self) -> EngineStatus:
        return EngineStatus(self.id, self.state, version="b11434" if self.id == "builtin" else "0.40.1")

    def models(self) -> list[InstalledModel]:
        return list(self.list)

    def running(self) -> list[RunningModel]:
        return list(self.loaded)

    def unload(self, name: str) -> None:
        self.loaded = [each for each in self.loaded if each.name != name]

    def show(self, name: str) -> ModelDetails:
        return ModelDetails(
            self.list[0], Persona(system="Be kind."), "{{ messages }}", "Apache-2.0", {"general.name": name}
        )

    def remove(self, name: str) -> int:
        model = next(each for each in self.list if each.name == name)
        self.list.remove(model)
        return model.size_bytes

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        self.requests.append(request)
        for start in range(0, len(self.answer), 4):
            if cancel.wait(self.pause) if self.pause else cancel.cancelled:
                yield ChatChunk(stats=ChatStats("cancelled"))
                return
            yield ChatChunk(text=self.answer[start : start + 4])
            if self.error is not None and start > 40:
                raise self.error
        yield ChatChunk(stats=ChatStats("stop", 20, 100, tokens_per_second=42.0))


class TwinWorker:
    """Does what a script says: a list of records, a float to wait, or an exception text for a silent death."""

    def __init__(self, script: Sequence[Mapping[str, Any] | float], tail: str = "") -> None:
        self._script = script
        self.tail = tail
        self.stop = threading.Event()

    def send(self, record: Mapping[str, Any]) -> bool:
        if record.get("cancel"):
            self.stop.set()
        return True

    def messages(self) -> Iterator[dict[str, Any]]:
        for each in self._script:
            if isinstance(each, float):
                if self.stop.wait(each):
                    yield {"event": "cancelled"}
                    return
            else:
                yield dict(each)

    def end(self, grace: float = 2.0) -> None:
        self.stop.set()


def size(name: str, group: Group, fit: Fit, gb: float, **more: Any) -> SizeOption:
    count = int(gb * 1e9)
    return SizeOption(name, count, 0, group, MemorySum(count, 300_000_000, 150_000_000, 8192), fit, gb * 20, **more)


def inspection_of(path: Path) -> Inspection:
    return Inspection(
        source=GgufFile(path),
        form="gguf",
        title="SmolLM2 135M Instruct",
        suggested_name="smollm2-135m-instruct",
        architecture="llama",
        family="Llama",
        parameters=134_515_008,
        context_length=8192,
        tokenizer="gpt2 (smollm)",
        chat_template="{% for m in messages %}",
        licence="apache-2.0",
        stored_as="Q4_K_M",
        source_bytes=105_454_432,
        warnings=(Note("requantized", {"stored_as": "Q4_K_M"}),),
        sizes=(
            size("Q8_0", Group.LARGE, Fit.WONT_FIT, 14.2),
            size("as-is", Group.BALANCED, Fit.FITS, 0.105, recommended=True),
            size("Q3_K_M", Group.SMALL, Fit.SLOW, 0.07, common=False),
        ),
        details={"tensors": "272"},
    )


def plan_of(inspection: Inspection, choice: ImportChoice) -> ImportPlan | Refusal:
    if choice.display_name == "taken":
        return Refusal(Code.ENGINE_NAME_TAKEN, {"name": "taken"})
    complete = replace(
        choice,
        size=choice.size or "as-is",
        engine=choice.engine or "builtin",
        name=choice.name or inspection.suggested_name,
        display_name=choice.display_name or inspection.title,
    )
    total = 105_454_432
    steps = (PlannedStep(Step.LOOKING), PlannedStep(Step.ADDING, total), PlannedStep(Step.TESTING))
    drives = (DriveUse("/home/lin/Modelyard", 52_000_000_000, total, total),)
    return ImportPlan(inspection.source, complete, steps, drives, total, "gguf", total)


def import_script(pause: float = 0.0) -> list[Mapping[str, Any] | float]:
    total = 105_454_432
    script: list[Mapping[str, Any] | float] = []

    def say(event: Any) -> None:
        script.append(event.to_json())
        if pause:
            script.append(pause)

    say(step_started(Step.LOOKING))
    say(step_finished(Step.LOOKING))
    say(step_started(Step.ADDING))
    for part in range(1, 11):
        say(progress(Step.ADDING, total * part // 10, total))
    say(step_finished(Step.ADDING))
    say(step_started(Step.TESTING))
    say(progress(Step.TESTING, 12, 0, "tokens"))
    say(step_finished(Step.TESTING))
    result = {
        "name": MODEL.name,
        "display_name": MODEL.display_name,
        "engine": "builtin",
        "size": "Q4_K_M",
        "verdict": "good",
        "answer": "Hello! I am SmolLM2, a helpful assistant trained by Hugging Face.",
        "tokens_per_second": 61.0,
    }
    say(done(result))
    return script


class House:
    """A whole set of twins. Change its parts before (or between) what the window does."""

    def __init__(self, root: Path) -> None:
        self._lock = threading.Lock()
        self.folders = Folders(root)
        self.folders.make()
        self.settings = Settings(self.folders.settings_file)
        self.engine = TwinEngine()
        self.ollama = TwinEngine((), "ollama")
        self.ollama.state = EngineState.MISSING
        self.store: ChatStore | None = None
        self.inspection: Callable[[Path], Inspection] = inspection_of
        self.inspection_error: ModelyardError | None = None
        self.parse: Callable[[str], Source] = lambda text: GgufFile(Path(text))
        self.script: Sequence[Mapping[str, Any] | float] = import_script()
        self.workers: list[TwinWorker] = []
        self.records: list[Mapping[str, Any]] = []  # the jobs they were started for
        self.searched: list[str] = []
        self.access = TwinAccess()
        self.checkup = TwinCheckup()
        self.proxy_login = TwinProxyLogin()
        self.plan: Callable[[Inspection, ImportChoice], ImportPlan | Refusal] = plan_of
        self.account: Account | ModelyardError = Account("lin", "write", can_write=("lin", "studio"))

    def chats(self) -> ChatStore:
        with self._lock:
            if self.store is None:
                self.store = ChatStore(self.folders.chats_file)
            return self.store

    def close(self) -> None:
        if self.store is not None:
            self.store.close()

    def search_hub(self, words: str, _cancel: CancelToken) -> list[str]:
        self.searched.append(words)
        return ["Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-1.5B-Instruct"]

    def running_cost(self, model: InstalledModel) -> RunningCost | None:
        return running_cost(model, Machine("Linux", 16 << 30, 8 << 30, 4))

    def publisher(self, _cancel: CancelToken) -> Account:
        if isinstance(self.account, ModelyardError):
            raise self.account
        return self.account

    def start_worker(self, record: Mapping[str, Any]) -> TwinWorker:
        self.records.append(record)
        if record["job"] == "inspect":
            source = from_json(Source, record["source"])  # type: ignore[arg-type]
            worker = TwinWorker([self._inspected(source)])
        else:
            worker = TwinWorker(self.script, tail="Killed")
        self.workers.append(worker)
        return worker

    def _inspected(self, source: Any) -> dict[str, Any]:
        if self.inspection_error is not None:
            return failed(self.inspection_error).to_json()
        return done({"inspection": to_json(self.inspection(source.path))}).to_json()

    @property
    def services(self) -> Services:
        return Services(
            settings=self.settings,
            folders=self.folders,
            engines=lambda: {"builtin": self.engine, "ollama": self.ollama},  # type: ignore[dict-item]
            parse=lambda text: self.parse(text),
            plan=lambda inspection, choice: self.plan(inspection, choice),
            jobs=JobBook(self.folders.jobs),
            start_worker=self.start_worker,
            redact=redact,
            technical_name=lambda text: text.lower().replace(" ", "-"),
            starters=lambda _language: (
                Starter("Mario", "A cheerful plumber who knows every pipe.", Persona(system="You are Mario.")),
                Starter("Teacher", "Explains step by step and asks back.", Persona(system="You teach.")),
                Starter("Translator", "Chinese and English, both ways.", Persona(system="You translate.")),
            ),
            sample_model="/tmp/sample.gguf",
            chats=self.chats,
            machine=lambda: Machine("Linux", 16 << 30, 8 << 30, 4),
            publisher=self.publisher,
            search_hub=self.search_hub,
            tools=tools(self.access, self.checkup, self.proxy_login),
            running_cost=self.running_cost,
        )
