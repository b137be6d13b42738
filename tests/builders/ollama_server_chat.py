"""/api/chat and /api/generate of the test server. Its model repeats what it was told: the answer to any prompt is
`<system> | <last user message>`, word by word, so that a test sees what reached the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modelyard.engines.ollama import names
from tests.builders import go_template
from tests.builders.ollama_server_create import LineError, Refused
from tests.builders.ollama_server_store import Model

if TYPE_CHECKING:
    from tests.builders.ollama_server import OllamaServer

_INTEGERS = ("num_ctx", "num_predict", "top_k", "seed", "num_keep", "num_batch", "num_gpu", "num_thread", "main_gpu")
_INTEGERS += ("repeat_last_n", "draft_num_predict")
_FLOATS = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)


def check_options(options: dict[str, Any]) -> None:
    for key, value in options.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is None:
            continue
        if key in _INTEGERS and not number:
            raise Refused(500, f'option "{key}" must be of type integer')
        if key in _FLOATS and not number:
            raise Refused(500, f'option "{key}" must be of type float32')
        if key == "use_mmap" and not isinstance(value, bool):
            raise Refused(500, f'option "{key}" must be of type boolean')
        if key == "stop" and not isinstance(value, list):
            raise Refused(500, f'option "{key}" must be of type array')
        if key == "stop" and not all(isinstance(each, str) for each in value):
            raise Refused(500, f'option "{key}" must be of an array of strings')


def conversation(server: OllamaServer, model: Model, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored system only if the request does not begin with one; then stored messages; then the request's."""
    given = [{"role": each.get("role", ""), "content": each.get("content", "")} for each in messages]
    stored = server.store.data(model, "messages") or []
    system = server.store.text(model, "system")
    if system and (not given or given[0]["role"] != "system"):
        stored = [{"role": "system", "content": system}, *stored]
    return [*stored, *given]


def uses_jinja(server: OllamaServer, model: Model) -> bool:
    """Ollama's choice: the GGUF's Jinja where there is no TEMPLATE, or where it can do more than the TEMPLATE."""
    jinja = server.store.metadata(model).get("tokenizer.chat_template", "")
    template = server.store.text(model, "template")
    if not template:
        return True
    return any(word in jinja and word not in template for word in ("tools", "<think>"))


def rendered(server: OllamaServer, model: Model, messages: list[dict[str, Any]], think: Any = None) -> str:
    """A Jinja is told whether to think, as llama-server is, and nothing of tools where there are none."""
    jinja = server.store.metadata(model).get("tokenizer.chat_template", "")
    if uses_jinja(server, model):
        import jinja2

        source = jinja or _CHATML
        told = {} if think is None else {"enable_thinking": bool(think)}
        return str(
            jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
            .from_string(source)
            .render(messages=messages, add_generation_prompt=True, bos_token="", eos_token="</s>", **told)
        )
    last = {role: [m["content"] for m in messages if m["role"] == role] for role in ("system", "user")}
    data = {
        "Messages": [{"Role": each["role"], "Content": each["content"]} for each in messages],
        "System": "\n\n".join(last["system"]),
        "Prompt": last["user"][-1] if last["user"] else "",
        "Response": "",
    }
    return go_template.render(server.store.text(model, "template"), data)


def chat(server: OllamaServer, body: dict[str, Any], generate: bool) -> Iterator[dict[str, Any]]:
    """The chunks of an answer. Raises Refused before the first one, LineError in the middle."""
    name = str(body.get("model") or "")
    if not name:
        raise Refused(400, "model is required")
    think = body.get("think")
    levels = '"high", "medium", "low", "max", true, or false'
    if isinstance(think, str) and think not in ("high", "medium", "low", "max"):
        raise Refused(400, f'invalid think value: "{think}" (must be {levels})')
    if body.get("top_logprobs", 0) > 20:
        raise Refused(400, "top_logprobs must be between 0 and 20")
    if names.source_of(name).source == "cloud":
        raise Refused(403, "ollama cloud is disabled: remote model is unavailable")
    if not names.is_valid(name):
        raise Refused(400, "invalid model name")
    model = server.store.find(name)
    if model is None:
        raise Refused(404, f"model '{name}' not found")
    capabilities = server.capabilities(model)
    if "completion" not in capabilities or not model.of("model"):
        raise Refused(400, f'"{name}" does not support {"generate" if generate else "chat"}')
    if think and "thinking" not in capabilities:
        raise Refused(400, f'"{name}" does not support thinking')
    yield from _answer(server, body, model, generate)


def _answer(server: OllamaServer, body: dict[str, Any], model: Model, generate: bool) -> Iterator[dict[str, Any]]:
    name, messages = body["model"], body.get("messages") or []
    options = (server.store.data(model, "params") or {}) | (body.get("options") or {})
    base = {"model": name, "created_at": server.now()}
    done: dict[str, Any] = {"response": ""} if generate else {"message": {"role": "assistant", "content": ""}}
    if not messages and not body.get("prompt"):
        unload = body.get("keep_alive") == 0
        if unload:
            server.unload(model)
        else:
            server.load(model, options)
        yield base | done | {"done": True, "done_reason": "unload" if unload else "load"}
        return
    check_options(options)
    metadata = server.store.metadata(model)
    if metadata.get("general.architecture") not in ("llama", "qwen2", "gemma3"):
        architecture = metadata.get("general.architecture")
        raise Refused(
            500,
            "llama-server process has terminated: exit status 1: error loading model: "
            f"unknown model architecture: '{architecture}'",
        )
    if model.config.get("renderer"):
        raise Refused(500, f'unknown renderer "{model.config["renderer"]}"')
    context = server.load(model, options)
    if any(each.get("images") for each in messages) and "vision" not in server.capabilities(model):
        nested = {"code": 400, "message": "Multimodal data provided, but model does not support multimodal requests."}
        raise Refused(400, json.dumps({"error": nested | {"type": "invalid_request_error"}}, separators=(",", ":")))
    full = conversation(server, model, messages)
    prompt = rendered(server, model, full, body.get("think"))
    if body.get("_debug_render_only"):
        empty = {"message": {"role": "", "content": ""}, "done": False}
        yield base | empty | {"_debug_info": {"rendered_template": prompt}}
        return
    if body.get("truncate") is False and len(prompt.split()) > context:
        nested = {
            "code": 400,
            "message": f"request ({len(prompt.split())} tokens) exceeds the available context size ({context} tokens), "
            "try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": len(prompt.split()),
            "n_ctx": context,
        }
        raise Refused(400, json.dumps({"error": nested}, separators=(",", ":")))
    system = next((each["content"] for each in full if each["role"] == "system"), "")
    words = " ".join(each for each in (system, "|" if system else "", full[-1]["content"]) if each).split(" ")
    words += [f"word{number}" for number in range(500)] if server.endless else []
    limit = int(options.get("num_predict", -1))
    reason = "stop"
    if 0 <= limit < len(words):
        words, reason = words[:limit], "length"
    if "thinking" in server.capabilities(model) and body.get("think") is not False:
        yield base | {"message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": False}
    for number, word in enumerate(words):
        if server.broken_after is not None and number >= server.broken_after:
            raise LineError("llama-server process has terminated: exit status 1")
        server.closing.wait(server.word_seconds)
        text = word if number == 0 else " " + word
        part = {"response": text} if generate else {"message": {"role": "assistant", "content": text}}
        yield base | part | {"done": False}
    yield (
        base
        | done
        | {
            "done": True,
            "done_reason": reason,
            "total_duration": 10_000_000,
            "load_duration": 2_000_000,
            "prompt_eval_count": len(prompt.split()),
            "prompt_eval_duration": 1_000_000,
            "eval_count": len(words),
            "eval_duration": 5_000_000,
        }
    )
