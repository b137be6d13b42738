"""A chat request in llama.cpp's terms: how the model is loaded, and what is asked of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...host.machine import Machine
from ...modelfile.parameters import PARAMETERS
from ...modelfile.persona import ParameterValue
from ..base import ChatMessage
from ..facts import ModelFacts
from .context import automatic_context
from .model_folder import ModelFolder

# Names of the Modelfile and of llama.cpp's server, where they differ or are sent at all. What nobody set is sent with
# the Modelfile's default: llama.cpp's own defaults are others.
_SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "repeat_last_n": "repeat_last_n",
    "repeat_penalty": "repeat_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "num_keep": "n_keep",
    "num_predict": "max_tokens",
    "stop": "stop",
}
_LEAST_CONTEXT = 64
_LEAST_BATCH = 32
_MOST_CACHE_MIB = 512  # prompts of other conversations kept at hand, at most a 64th of the memory
_IMAGE_TYPES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@dataclass(frozen=True)
class Loading:
    """What is fixed while a model is loaded. Paths are names inside `folder`; 0, -1 and None = llama.cpp decides.
    continues: it has no chat template, and texts go on where they end."""

    folder: str
    model: str
    projector: str = ""
    context: int = 4096
    batch: int = 512
    threads: int = 0
    gpu_layers: int = -1
    main_gpu: int | None = None
    mmap: bool = True
    keep: int = 4
    cache_mib: int = 256
    continues: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def chat_body(
    messages: list[ChatMessage],
    options: Mapping[str, ParameterValue],
    think: bool | None,
    *,
    template: bool,
    context: int,
    end_tokens: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The body for /v1/chat/completions; without a chat template that for /completions, where the model continues the
    text of the conversation. (Pictures go only the first way: then the template is that of Loading.continues.) An
    answer without a limit ends after ten times the context, as in Ollama. `end_tokens` end an answer even where the
    vocabulary forgets to say so."""
    body: dict[str, Any] = {"stream": True, "cache_prompt": True, "return_progress": True}
    for name, theirs in _SAMPLING.items():
        value = options.get(name, PARAMETERS[name].default)
        if value is not None:
            body[theirs] = list(value) if isinstance(value, tuple) else value
    if end_tokens:
        body["stop"] = list(dict.fromkeys((*body.get("stop", ()), *end_tokens)))
    most = (10 if template else 1) * context
    wanted = int(body["max_tokens"])
    body["max_tokens"] = min(wanted, most) if wanted >= 0 else most
    if not template and not any(message.images for message in messages):
        body["n_predict"] = body.pop("max_tokens")
        body["prompt"] = "\n\n".join(message.content for message in messages)
        return body
    body["messages"] = [_message(message, picture_first=not template) for message in messages]
    body["stream_options"] = {"include_usage": True}
    if think is not None:
        body["chat_template_kwargs"] = {"enable_thinking": think}
    return body


def loading_of(
    model: ModelFolder,
    options: Mapping[str, ParameterValue],
    facts: ModelFacts,
    machine: Machine,
    threads: int,
    gpu_layers: int,
) -> Loading:
    """How to load a model: its parameters, else the settings, else what suits this computer."""

    def number(name: str, otherwise: int) -> int:
        value = options.get(name)
        return int(value) if isinstance(value, int | float) else otherwise

    context = number("num_ctx", 0)
    if context <= 0:
        context = automatic_context(facts, machine)
    layers = number("num_gpu", -1)
    main_gpu = options.get("main_gpu")
    return Loading(
        folder=str(model.gguf.parent),
        model=model.gguf.name,
        projector=str(model.projector) if model.projector else "",
        context=max(_LEAST_CONTEXT, min(context, facts.context_length or context)),
        batch=max(_LEAST_BATCH, number("num_batch", 512)),
        threads=number("num_thread", 0) or threads or machine.cores,
        gpu_layers=layers if layers >= 0 else gpu_layers,
        main_gpu=main_gpu if isinstance(main_gpu, int) else None,
        mmap=options.get("use_mmap") is not False,
        keep=number("num_keep", 4),
        cache_mib=min(_MOST_CACHE_MIB, machine.memory >> 26),
        continues=not facts.chat_template,
    )


def _message(message: ChatMessage, *, picture_first: bool) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.content}
    text = [{"type": "text", "text": message.content}] if message.content else []
    pictures: list[dict[str, Any]] = []
    for image in message.images:
        kind = next((kind for magic, kind in _IMAGE_TYPES if image.startswith(magic)), "image/webp")
        address = f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"
        pictures.append({"type": "image_url", "image_url": {"url": address}})
    return {"role": message.role, "content": [*pictures, *text] if picture_first else [*text, *pictures]}


def without_oldest(messages: list[ChatMessage], tokens: int, room: int) -> list[ChatMessage]:
    """Fewer messages, so that about `tokens` become less than `room`: system messages at the front and the last message
    stay, of the others the oldest go, and the first that stays is a person's. The same list if none can go."""
    front = 0
    while front < len(messages) - 1 and messages[front].role == "system":
        front += 1
    surplus = (tokens - room) / max(1, tokens) * sum(len(message.content) for message in messages)
    first, dropped = front, 0.0
    while first < len(messages) - 1 and (dropped <= surplus or messages[first].role != "user"):
        dropped += len(messages[first].content) + 1
        first += 1
    return messages[:front] + messages[first:]
