"""Persona: who the model is and how it answers. The value behind a Modelfile, the form and the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ParameterValue = bool | int | float | str | tuple[str, ...]  # tuple: `stop`


@dataclass(frozen=True)
class ExampleMessage:
    """One stored message (Modelfile MESSAGE). role: "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Persona:
    """Everything a Modelfile can say besides which weights.

    `name` and `picture` (PNG/JPEG bytes) are for people and stand beside the Modelfile, not in it.
    Empty string / empty tuple = not said. `template` is Ollama's Go template (engines that use the
    GGUF's own chat template ignore it); `renderer` and `parser` name Ollama's built-in ones,
    `requires` the Ollama version needed. `base` is the argument of FROM.
    """

    name: str = ""
    system: str = ""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    messages: tuple[ExampleMessage, ...] = ()
    template: str = ""
    licenses: tuple[str, ...] = ()
    picture: bytes = b""
    base: str = ""
    renderer: str = ""
    parser: str = ""
    requires: str = ""
