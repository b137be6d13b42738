"""A chat request in llama.cpp's terms: how the model is loaded, and what is asked of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import Code, ModelyardError
from ...host.machine import Machine
from ...modelfile.parameters import PARAMETERS, ParameterError, option_value
from ...modelfile.persona import ParameterValue, Persona
from ..base import ChatMessage, ChatRequest
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
    """What is fixed while a model is loaded. Paths are names inside `folder`; 0, -1 and None = llama.cpp decides."""

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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def options_of(request: ChatRequest, persona: Persona) -> dict[str, ParameterValue]:
    """The persona's parameters and, over them, the request's options. Raises ENGINE_BAD_OPTION."""
    options = dict(persona.parameters)
    for name, value in request.options.items():
        if name not in PARAMETERS:
            raise ModelyardError(Code.ENGINE_BAD_OPTION, option=name, detail="unknown")
        options[name] = value
    for name, value in options.items():
        try:
            option_value(name, value)
        except ParameterError as error:
            raise ModelyardError(Code.ENGINE_BAD_OPTION, option=name, detail=error.message) from error
    return options


def conversation(request: ChatRequest, persona: Persona) -> list[ChatMessage]:
    """The persona's system text, its example messages, then the request's messages; as in Ollama a system message at
    the beginning of the request stands in place of the persona's. System messages at the front become one, because
    many chat templates refuse a second."""
    examples = [ChatMessage(example.role, example.content) for example in persona.messages]
    asked = list(request.messages)
    if asked and asked[0].role == "system":
        systems = [asked.pop(0)]
    else:
        systems = [ChatMessage("system", persona.system)] if persona.system else []
    messages = [*systems, *examples, *asked]
    front = next((index for index, message in enumerate(messages) if message.role != "system"), len(messages))
    if front > 1:
        messages[:front] = [ChatMessage("system", "\n\n".join(message.content for message in messages[:front]))]
    return messages


def chat_body(
    messages: list[ChatMessage],
    options: Mapping[str, ParameterValue],
    think: bool | None,
    *,
    template: bool,
    context: int,
) -> dict[str, Any]:
    """The body for /v1/chat/completions; without a chat template that for /completions, where the model continues the
    text of the conversation. An answer without a limit ends after ten times the context, as in Ollama."""
    body: dict[str, Any] = {"stream": True, "cache_prompt": True, "return_progress": True}
    for name, theirs in _SAMPLING.items():
        value = options.get(name, PARAMETERS[name].default)
        if value is not None:
            body[theirs] = list(value) if isinstance(value, tuple) else value
    most = (10 if template else 1) * context
    wanted = int(body["max_tokens"])
    body["max_tokens"] = min(wanted, most) if wanted >= 0 else most
    if not template:
        body["n_predict"] = body.pop("max_tokens")
        body["prompt"] = "\n\n".join(message.content for message in messages)
        return body
    body["messages"] = [_message(message) for message in messages]
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
    )


def _message(message: ChatMessage) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.content}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}] if message.content else []
    for image in message.images:
        kind = next((kind for magic, kind in _IMAGE_TYPES if image.startswith(magic)), "image/webp")
        address = f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"
        parts.append({"type": "image_url", "image_url": {"url": address}})
    return {"role": message.role, "content": parts}


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
