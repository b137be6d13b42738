"""Modelfile to Persona, as `ollama create` takes it: the last SYSTEM, TEMPLATE, … wins, `stop`, MESSAGE and LICENSE add
up. Lines that Ollama would refuse are left out here; checking.py names them."""

from __future__ import annotations

from .decode import decode
from .document import Document
from .parameters import ParameterError, read_value
from .persona import ExampleMessage, ParameterValue, Persona


def persona_of(document: Document) -> Persona:
    """What the good lines say. `name` and `picture` stand beside the file (store.py)."""
    last: dict[str, str] = {}
    parameters: dict[str, ParameterValue] = {}
    messages: list[ExampleMessage] = []
    licenses: list[str] = []
    for _, node in document.commands():
        match node.keyword:
            case "parameter":
                add_parameter(parameters, node.name, node.args)
            case "message":
                messages.append(ExampleMessage(node.word, node.value))
            case "license":
                licenses.append(node.args)
            case keyword:
                last[keyword] = node.args
    return Persona(
        system=last.get("system", ""),
        parameters=parameters,
        messages=tuple(messages),
        template=last.get("template", ""),
        licenses=tuple(licenses),
        base=last.get("from", ""),
        renderer=last.get("renderer", ""),
        parser=last.get("parser", ""),
        requires=last.get("requires", ""),
    )


def read_persona(data: bytes) -> Persona:
    """The persona of a Modelfile's bytes, mistakes left out. For a strict reading call syntax.parse first."""
    return persona_of(Document.of(decode(data)))


def add_parameter(parameters: dict[str, ParameterValue], name: str, text: str) -> None:
    """Adds one PARAMETER line's value; unknown and deprecated names and bad values are left out."""
    try:
        value = read_value(name, text)
    except ParameterError:
        return
    before = parameters.get(name)
    if isinstance(value, tuple) and isinstance(before, tuple):
        value = (*before, *value)
    parameters[name] = value
