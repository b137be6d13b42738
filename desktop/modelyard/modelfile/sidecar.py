"""Texts that a Modelfile cannot carry, kept beside it. They count only while the Modelfile still says what was written
with them: whoever edits a field by hand has the last word on that field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .persona import ExampleMessage, ParameterValue, Persona
from .writing import carried_persona

_TEXTS = ("system", "template", "renderer", "parser", "requires")


def persona_to_json(persona: Persona) -> dict[str, Any]:
    """Everything but name and picture, as plain JSON; what is not said is left out."""
    record: dict[str, Any] = {key: value for key in (*_TEXTS, "base") if (value := getattr(persona, key))}
    if persona.parameters:
        record["parameters"] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in persona.parameters.items()
        }
    if persona.messages:
        record["messages"] = [{"role": message.role, "content": message.content} for message in persona.messages]
    if persona.licenses:
        record["licenses"] = list(persona.licenses)
    return record


def persona_from_json(record: Mapping[str, Any]) -> Persona:
    """The reverse; what has a wrong type is left out. Never raises."""
    messages = [message for message in _list(record.get("messages")) if isinstance(message, dict)]
    parameters = record.get("parameters")
    texts: dict[str, Any] = {key: value for key in (*_TEXTS, "base") if isinstance(value := record.get(key), str)}
    persona = Persona(
        parameters=_parameters(parameters) if isinstance(parameters, dict) else {},
        messages=tuple(ExampleMessage(str(one.get("role", "")), str(one.get("content", ""))) for one in messages),
        licenses=tuple(text for text in _list(record.get("licenses")) if isinstance(text, str)),
    )
    return replace(persona, **texts)


def exact_to_json(persona: Persona) -> dict[str, Any] | None:
    """The fields that a Modelfile cannot carry as they are, each as it will be read and as it is; None if all can."""
    written, exact = persona_to_json(carried_persona(persona)), persona_to_json(persona)
    lost = {key for key in {**written, **exact} if written.get(key) != exact.get(key)}
    if not lost:
        return None
    return {side: {key: record.get(key) for key in lost} for side, record in (("written", written), ("exact", exact))}


def exact_from_json(persona: Persona, record: object) -> Persona:
    """`persona`, as read from the Modelfile, with the exact fields in place of those that still are as written."""
    if not isinstance(record, dict):
        return persona
    written, exact = record.get("written"), record.get("exact")
    if not isinstance(written, dict) or not isinstance(exact, dict):
        return persona
    read, wanted = persona_to_json(persona), persona_from_json(exact)
    same = [key for key in exact if key in written and read.get(key) == written[key]]
    return replace(persona, **{key: getattr(wanted, key) for key in same if hasattr(wanted, key)})


def _parameters(record: dict[Any, Any]) -> dict[str, ParameterValue]:
    found: dict[str, ParameterValue] = {}
    for name, value in record.items():
        if isinstance(value, list):
            found[str(name)] = tuple(str(one) for one in value)
        elif isinstance(value, bool | int | float | str):
            found[str(name)] = value
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
