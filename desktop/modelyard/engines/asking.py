"""A chat request read with the model's persona: which options count, which messages are sent."""

from __future__ import annotations

from ..errors import Code, ModelyardError
from ..modelfile.parameters import PARAMETERS, ParameterError, option_value
from ..modelfile.persona import ParameterValue, Persona
from .base import ChatMessage, ChatRequest


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
