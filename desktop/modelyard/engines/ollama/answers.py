"""What Ollama says when something goes wrong, as coded errors. Texts are those of real servers (conformance/)."""

from __future__ import annotations

import json
import re
from typing import Any

from ...errors import Code, ModelyardError
from ...host.children import clean_text

_BLOB_FOLDER = re.compile(r"\S*?[/\\]blobs[/\\]")
_OPTION = re.compile(r'option "([^"]*)" must be of')
_MISSING = re.compile(r"""model ["'].*["'] not found""")
_DETAIL_LIMIT = 600
_TEXT_LIMIT = 4000  # what is looked at of a server's words

# Words that tell, all in lower case.
_NO_CHAT = ("does not support chat", "does not support generate")
_NO_VISION = ("does not support multimodal", "failed to process image", "image input is not supported")
_NO_MEMORY = ("requires more system memory", "out of memory", "unable to allocate", "failed to allocate", "cudamalloc")
_LOAD = (
    "llama-server process has terminated",
    "error starting llama-server",
    "runner process has terminated",
    "failed to load model",
    "model failed to load",
    "unable to load model",
    "error loading model",
    "unknown model architecture",
    "mlx runner failed",
    "unknown renderer",
)
_FILE = (
    "not in gguf format",
    "exceeds file size",
    "failed to validate gguf",
    "unsupported architecture",
    "string length",
    "unknown type",
    "invalid file magic",
    "lora adapters are no longer supported",
)
_NAMED: tuple[tuple[tuple[str, ...], Code], ...] = (
    (_NO_CHAT, Code.ENGINE_NO_CHAT),
    (_NO_VISION, Code.ENGINE_NO_VISION),
    (_NO_MEMORY, Code.ENGINE_OUT_OF_MEMORY),
)
_DETAILED: tuple[tuple[tuple[str, ...], Code], ...] = (
    (_LOAD, Code.ENGINE_LOAD_FAILED),
    (_FILE, Code.OLLAMA_FILE_REFUSED),
)
_CRASH = ("model runner has unexpectedly stopped", "llama runner process no longer running", "connection reset", "eof")
_DISK = ("no space left on device", "not enough space on the disk", "disk quota exceeded")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _message(value: Any) -> str:
    while isinstance(value, dict):
        value = value.get("error", value.get("message", ""))
    return value if isinstance(value, str) else ""


def coded(text: str, *, status: int = 0, name: str = "", sign_in: str = "") -> ModelyardError:
    """The coded error for Ollama's `text`; `status` is 0 for an error line inside a stream."""
    text = text[:_TEXT_LIMIT]
    inner = _json(text)
    message = _message(inner) or text
    low = message.lower()
    detail = shown(message)
    if "exceed_context_size_error" in text and isinstance(inner, dict) and isinstance(inner.get("error"), dict):
        numbers = inner["error"]
        return ModelyardError(
            Code.ENGINE_PROMPT_TOO_LONG,
            prompt_tokens=_count(numbers.get("n_prompt_tokens")),
            context_length=_count(numbers.get("n_ctx")),
        )
    if option := _OPTION.search(message):
        return ModelyardError(Code.ENGINE_BAD_OPTION, option=option[1], detail=detail)
    if "does not support thinking" in low or "think value" in low:
        return ModelyardError(Code.ENGINE_BAD_OPTION, option="think", detail=detail)
    if status == 401:
        return ModelyardError(Code.OLLAMA_SIGN_IN, url=sign_in)
    if "cloud is disabled" in low:
        return ModelyardError(Code.OLLAMA_CLOUD_OFF, name=name)
    if status == 503 or "server busy" in low:
        return ModelyardError(Code.OLLAMA_BUSY)
    if "invalid model name" in low or re.fullmatch(r'(name|source|destination) ".*" is invalid', low, re.DOTALL):
        return ModelyardError(Code.ENGINE_NAME_INVALID, name=name)
    if "pull model manifest" in low:
        return ModelyardError(Code.OLLAMA_PULL_FAILED, name=name, detail=detail)
    if _MISSING.search(low):
        return ModelyardError(Code.ENGINE_MODEL_MISSING, name=name)
    if "digest mismatch" in low:
        return ModelyardError(Code.FILE_CHANGED, name=name)
    if low.startswith("template error"):
        return ModelyardError(Code.OLLAMA_TEMPLATE_INVALID, detail=detail)
    return _coded_by_words(low, detail, name)


def _coded_by_words(low: str, detail: str, name: str) -> ModelyardError:
    for words, code in _NAMED:
        if any(word in low for word in words):
            return ModelyardError(code, name=name)
    if any(word in low for word in _DISK):
        return ModelyardError(Code.OLLAMA_DISK_FULL)
    for words, code in _DETAILED:
        if any(word in low for word in words):
            return ModelyardError(code, name=name, detail=detail)
    if low in ("eof", "unexpected eof"):
        return ModelyardError(Code.OLLAMA_FILE_REFUSED, name=name, detail=detail)
    if any(word in low for word in _CRASH):
        return ModelyardError(Code.ENGINE_CRASHED, name=name, detail=detail)
    return ModelyardError(Code.ENGINE_FAILED, name=name, detail=detail)


def shown(text: str) -> str:
    """A server's words fit to be shown: no control characters, no folder of its owner, not too long."""
    text = _BLOB_FOLDER.sub("blobs/", clean_text(text[:_TEXT_LIMIT])).strip()
    return text if len(text) <= _DETAIL_LIMIT else text[:_DETAIL_LIMIT] + "…"


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None
