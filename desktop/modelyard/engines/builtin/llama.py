"""llama.cpp inside the child process: one loaded model, one answer at a time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import xllamacpp

Emit = Callable[[Mapping[str, Any]], bool]
"""Takes a piece of the answer; True = stop."""

_CONTINUING = "{% for message in messages %}{{ '\n\n' if not loop.first }}{{ message['content'] }}{% endfor %}"


class Llama:
    """A model loaded from the current folder. (Only the file's own name reaches llama.cpp: folder names with any
    characters are no matter.)"""

    def __init__(self, loading: Mapping[str, Any]) -> None:
        """Raises RuntimeError (details on stderr); llama.cpp may also end the process."""
        os.chdir(loading["folder"])
        params = xllamacpp.CommonParams()
        params.verbosity = 1
        params.model.path = loading["model"]
        if loading["projector"]:
            params.mmproj.path = loading["projector"]
        params.n_ctx = loading["context"]
        params.n_batch = params.n_ubatch = loading["batch"]
        params.n_parallel = 1
        params.n_keep = loading["keep"]
        params.ctx_shift = True
        params.cache_ram_mib = loading["cache_mib"]
        params.use_jinja = True
        if loading["continues"]:
            params.chat_template = _CONTINUING
        params.warmup = False
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = loading["threads"]
        if loading["gpu_layers"] >= 0:
            params.n_gpu_layers = loading["gpu_layers"]
        if loading["main_gpu"] is not None:
            params.main_gpu = loading["main_gpu"]
        if not loading["mmap"]:
            params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        # Without a graphics processor there is nothing to fit, and the model would be opened twice.
        params.fit_params = loading["gpu_layers"] < 0 and _has_gpu()
        # The server listens on loopback whether we want it or not: nobody else knows the key.
        params.api_keys = [secrets.token_hex(32)]
        params.ui = params.endpoint_slots = params.endpoint_metrics = params.endpoint_props = False
        self._server = xllamacpp.Server(params)

    def answer(self, body: Mapping[str, Any], emit: Emit) -> None:
        """Streams pieces {"text"}, {"thinking"}, {"progress"}, then {"end": …} or {"error": …}."""
        failed: list[Any] = []

        def on_chunk(chunk: Any) -> bool:
            if isinstance(chunk, dict) and "error" in chunk:
                failed.append(chunk["error"])
                return True
            for one in chunk if isinstance(chunk, list) else [chunk]:
                if any(emit(piece) for piece in pieces(one)):
                    return True
            return False

        ask = self._server.handle_completions if "prompt" in body else self._server.handle_chat_completions
        try:
            result = ask(dict(body), on_chunk)
        except (RuntimeError, ValueError, TypeError) as error:
            failed.append({"message": str(error)})
        else:
            if isinstance(result, dict) and "error" in result:
                failed.append(result["error"])
        if failed:
            emit({"error": failed[0]})


def pieces(chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What we pass on of one chunk of llama.cpp's stream (chat or completion)."""
    found: list[dict[str, Any]] = []
    for choice in chunk.get("choices", ()):
        delta = choice.get("delta") or {"content": choice.get("text")}
        if delta.get("reasoning_content"):
            found.append({"thinking": delta["reasoning_content"]})
        if delta.get("content"):
            found.append({"text": delta["content"]})
        if choice.get("finish_reason"):
            found.append({"reason": choice["finish_reason"]})
    if "choices" not in chunk and chunk.get("content"):
        found.append({"text": chunk["content"]})
    if chunk.get("stop") is True:
        found.append({"reason": "length" if chunk.get("stop_type") == "limit" else "stop"})
    if chunk.get("timings"):
        found.append({"timings": chunk["timings"]})
    if not found:
        found.append({"progress": (chunk.get("prompt_progress") or {}).get("processed", 0)})
    return found


def _has_gpu() -> bool:
    cpu = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU
    return any(device.get("type") != cpu for device in xllamacpp.get_device_info())
