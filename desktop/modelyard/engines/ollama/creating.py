"""The body of /api/create, and running it to its end. Only finished blobs and fields are sent: Ollama is never asked
to quantize, to convert or to add adapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...modelfile.persona import ParameterValue, Persona
from .client import Connection


def fields_of(persona: Persona) -> dict[str, Any]:
    """What a persona says, as create's fields. Empty things are left out: Ollama cannot remove by an empty field."""
    fields: dict[str, Any] = {}
    if persona.system:
        fields["system"] = persona.system
    if persona.template:
        fields["template"] = persona.template
    if persona.licenses:
        fields["license"] = list(persona.licenses)
    if persona.parameters:
        fields["parameters"] = plain_options(persona.parameters)
    if persona.messages:
        fields["messages"] = [{"role": each.role, "content": each.content} for each in persona.messages]
    return fields | {key: text for key in ("renderer", "parser", "requires") if (text := getattr(persona, key))}


def plain_options(options: Mapping[str, ParameterValue]) -> dict[str, Any]:
    """Parameters as plain JSON; the official client's Options type would drop min_p."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}


def create(connection: Connection, name: str, body: Mapping[str, Any], cancel: CancelToken) -> None:
    """Success is the line {"status": "success"}, never the end of the stream.

    Raises OLLAMA_LOST if the stream ends without it, and whatever an error line says."""
    succeeded = False
    for record in connection.lines("/api/create", {"model": name, "stream": True, **body}, cancel, name):
        succeeded = succeeded or record.get("status") == "success"
    if not succeeded:
        raise ModelyardError(Code.OLLAMA_LOST, address=connection.address.url)
