"""What Modelyard expects of every engine: the protocol and the values that cross it.

All calls may block (network, child process) and belong on a worker thread. All raise ModelyardError with a code of
errors.Code, and Cancelled when the token says so. Implementations: builtin/ (llama.cpp in a child process),
ollama/ (HTTP), dummy.py (twin for tests); all pass tests/contract/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..events import CancelToken, Listener
from ..modelfile.persona import ParameterValue, Persona


class EngineState(StrEnum):
    READY = "ready"
    STOPPED = "stopped"  # installed, can be started
    MISSING = "missing"  # not installed
    UNREACHABLE = "unreachable"  # an address that does not answer


@dataclass(frozen=True)
class EngineStatus:
    engine: str  # "builtin", "ollama", "dummy"
    state: EngineState
    version: str = ""
    address: str = ""
    detail: str = ""


@dataclass(frozen=True)
class InstalledModel:
    """One model as an engine lists it. `size_bytes` on disk; `modified` unix seconds; `size_label` e.g. "Q4_K_M".
    `location`: its GGUF (the first part of a split set) where this computer can read it. `conversation_bytes`: what an
    ordinary conversation (4096 tokens) takes of memory beside the weights, where the engine knows."""

    engine: str
    name: str
    display_name: str = ""
    architecture: str = ""
    parameters: int | None = None
    size_label: str = ""
    size_bytes: int = 0
    modified: float = 0.0
    context_length: int | None = None
    capabilities: tuple[str, ...] = ()  # "completion", "tools", "thinking", "vision", "embedding"
    remote: bool = False
    location: Path | None = None
    conversation_bytes: int | None = None


@dataclass(frozen=True)
class ModelDetails:
    """`persona`: what was installed with it, the base left empty. `files`: its GGUF files where this computer can read
    them, the model's first (all parts of a split set), then a projector."""

    model: InstalledModel
    persona: Persona
    chat_template: str = ""
    licence: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class RunningModel:
    name: str
    memory_bytes: int
    context_length: int | None = None


class Ownership(StrEnum):
    """Whose file an installed GGUF was: a person's own file is only ever copied or cloned unless told otherwise."""

    OURS = "ours"  # our work file: may be moved or linked
    THEIRS = "theirs"  # never moved, changed or shared by hard link; clone (reflink) or copy
    THEIRS_LINK = "theirs_link"  # theirs, and the person agreed to share it (hard link)


@dataclass(frozen=True)
class ChatFormat:
    """How the model in a GGUF expects a conversation, as its header says; empty where nobody looked.

    `template` is the Jinja text of tokenizer.chat_template; `end_tokens` the texts of the tokens that end a turn (EOS
    ids and the end-of-turn token, never one that opens a turn)."""

    architecture: str = ""
    template: str = ""
    bos_token: str = ""
    eos_token: str = ""
    end_tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstallRequest:
    """Put a finished GGUF into an engine. `gguf`: the file, or the first part of a split set. `sha256` (hex) of the
    file if already known."""

    name: str
    gguf: Path
    ownership: Ownership
    persona: Persona = field(default_factory=Persona)
    display_name: str = ""
    projector: Path | None = None
    sha256: str = ""
    replace: bool = False
    chat_format: ChatFormat = field(default_factory=ChatFormat)


@dataclass(frozen=True)
class ChatMessage:
    role: str  # "system", "user", "assistant"
    content: str
    thinking: str = ""
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """`options` override the model's own parameters (names of the Modelfile). `persona`, when given, replaces the
    stored one for this request only (unsaved changes in the editor). `think`: None = the model's default.

    A system message at the start of `messages` stands in place of the persona's."""

    model: str
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, ParameterValue] = field(default_factory=dict)
    persona: Persona | None = None
    think: bool | None = None


@dataclass(frozen=True)
class ChatStats:
    """End of an answer. reason: "stop", "length" or "cancelled". Times in seconds. `forgotten`: how many of the oldest
    messages were left out because the conversation memory was full."""

    reason: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    load_seconds: float = 0.0
    first_token_seconds: float = 0.0
    tokens_per_second: float = 0.0
    context_length: int | None = None
    forgotten: int = 0


@dataclass(frozen=True)
class ChatChunk:
    """A piece of the answer; the last one carries `stats`."""

    text: str = ""
    thinking: str = ""
    stats: ChatStats | None = None


class Engine(Protocol):
    """See the module's docstring. `id` is stable ("builtin", "ollama", …)."""

    @property
    def id(self) -> str: ...

    def status(self) -> EngineStatus:
        """Never raises."""

    def models(self) -> list[InstalledModel]: ...

    def install(self, request: InstallRequest, listener: Listener, cancel: CancelToken) -> InstalledModel:
        """Atomic: afterwards the model is there and whole, or nothing of it is. Reports progress of Step.ADDING.

        Raises ENGINE_NAME_TAKEN (unless request.replace), ENGINE_NAME_INVALID, DISK_FULL, FOLDER_NOT_WRITABLE,
        FILE_MISSING, FILE_CHANGED, Cancelled."""

    def update(self, name: str, persona: Persona, listener: Listener, cancel: CancelToken) -> InstalledModel:
        """Give an installed model another persona; nothing that was cleared is inherited. Weights untouched."""

    def remove(self, name: str) -> int:
        """Returns the bytes freed. Raises ENGINE_MODEL_MISSING."""

    def copy(self, source: str, destination: str) -> InstalledModel:
        """Raises ENGINE_MODEL_MISSING, ENGINE_NAME_TAKEN, ENGINE_NAME_INVALID."""

    def show(self, name: str) -> ModelDetails:
        """Raises ENGINE_MODEL_MISSING."""

    def chat(self, request: ChatRequest, cancel: CancelToken) -> Iterator[ChatChunk]:
        """Streams; the last chunk carries the stats. Cancelling, at any moment, ends the stream within 0.2 s with
        stats.reason "cancelled" (no exception). Nothing happens before the first next(); closing the iterator cancels.

        Raises ENGINE_MODEL_MISSING, ENGINE_NO_CHAT, ENGINE_NO_VISION, ENGINE_BAD_OPTION, ENGINE_PROMPT_TOO_LONG (the
        last message alone is too long), ENGINE_LOAD_FAILED, ENGINE_OUT_OF_MEMORY, ENGINE_CRASHED, ENGINE_FAILED; after
        any of them the next message works again."""

    def running(self) -> list[RunningModel]: ...

    def unload(self, name: str) -> None: ...

    def close(self) -> None:
        """End children and connections. Idempotent."""


@dataclass(frozen=True)
class Admission:
    """What an engine says before a model comes to it.

    `taken`: the installed model that has the name already, or empty. `warnings`: codes of words/warnings with their
    fields. `store`: the folder in which the engine will need `need_bytes` at the fullest moment, besides the file
    itself; None where this computer cannot see it."""

    taken: str = ""
    warnings: tuple[tuple[str, Mapping[str, str]], ...] = ()
    store: Path | None = None
    need_bytes: int = 0


@runtime_checkable
class Admits(Protocol):
    """An engine that can say beforehand what will come of an install."""

    def admission(self, name: str, size_bytes: int, architecture: str, made_in: Path | None) -> Admission:
        """`name` may be empty. `made_in`: the folder in which a file of ours will lie, None for a person's own file.

        Raises OLLAMA_TOO_OLD, what status() would tell as an error."""


@runtime_checkable
class SettlesPrompt(Protocol):
    """An engine that puts a conversation into the model's form by means of its own."""

    def settle_prompt(self, name: str, chat_format: ChatFormat, cancel: CancelToken) -> bool:
        """Compares what the model gets with what its own template says, and mends it where it can. Loads the model.
        False if the two still differ. Raises ENGINE_*, OLLAMA_*, Cancelled."""
