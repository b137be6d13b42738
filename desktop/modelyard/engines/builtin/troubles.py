"""From llama.cpp's last words to an error with a code."""

from __future__ import annotations

import re
import signal
from typing import Any

from ...errors import Code, ModelyardError

_MEMORY = re.compile(
    r"bad_alloc|out of memory|out_of_memory|OutOfDeviceMemory|failed to allocate|unable to allocate|cannot allocate"
    r"|failed to create context|MemoryError|Resource temporarily unavailable",
    re.IGNORECASE,
)
_CAUSES = (
    re.compile(r"error loading model: (?!llama_model_loader: failed)(.+)"),
    re.compile(r"gguf_init_from_\w+: (.+)"),
    re.compile(r"(GGML_ASSERT.*)"),
    re.compile(r"terminate called.*|what\(\): +(.+)"),
    re.compile(r"error(?: in)?:? (.+)", re.IGNORECASE),
)
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][^'\"\n]*[\\/](?=[^\\/'\"\s]+)")
_LIMIT = 300


def cause(words: str) -> str:
    """The line that names the cause, without folders of the person's computer."""
    for pattern in _CAUSES:
        if match := pattern.search(words):
            return _PATH.sub("", match.group(match.lastindex or 0)).strip()[:_LIMIT]
    lines = [line for line in words.splitlines() if line.strip()]
    return _PATH.sub("", lines[-1]).strip()[:_LIMIT] if lines else ""


def load_error(name: str, words: str, status: int | None, *, tight: bool) -> ModelyardError:
    """The model could not be loaded. `status`: how the process ended, None if it still runs. `tight`: by our sum it
    needs more memory than there was; then a sudden death is the system's answer to that."""
    if _MEMORY.search(words) or (tight and _killed(status)):
        return ModelyardError(Code.ENGINE_OUT_OF_MEMORY, name=name)
    return ModelyardError(Code.ENGINE_LOAD_FAILED, name=name, detail=cause(words) or _ending(status))


def crash_error(name: str, words: str, status: int | None, *, tight: bool) -> ModelyardError:
    """The process ended in the middle of an answer."""
    if _MEMORY.search(words) or (tight and _killed(status)):
        return ModelyardError(Code.ENGINE_OUT_OF_MEMORY, name=name)
    return ModelyardError(Code.ENGINE_CRASHED, name=name, detail=cause(words) or _ending(status))


def answer_error(name: str, error: Any) -> ModelyardError:
    """llama.cpp refused a request: its `error` object, or the text of an exception."""
    record = error if isinstance(error, dict) else {"message": str(error)}
    message = cause(str(record.get("message", ""))) or str(record.get("message", ""))[:_LIMIT]
    if record.get("type") == "exceed_context_size_error":
        return ModelyardError(
            Code.ENGINE_PROMPT_TOO_LONG,
            prompt_tokens=int(record.get("n_prompt_tokens", 0)),
            context_length=int(record.get("n_ctx", 0)),
        )
    if "input is not supported" in message or "does not support multimodal" in message:
        return ModelyardError(Code.ENGINE_NO_VISION, name=name)
    if field := re.search(r"[Ff]ield '(\w+)'", message):
        return ModelyardError(Code.ENGINE_BAD_OPTION, option=field[1], detail=message)
    if _MEMORY.search(message):
        return ModelyardError(Code.ENGINE_OUT_OF_MEMORY, name=name)
    return ModelyardError(Code.ENGINE_FAILED, name=name, detail=message)


def _killed(status: int | None) -> bool:
    return status is not None and status == -int(getattr(signal, "SIGKILL", 9))


def _ending(status: int | None) -> str:
    if status is None:
        return ""
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            pass
    return f"exit status {status:#x}" if status > 255 else f"exit status {status}"
