"""Giving an installed model another persona: built again from its own weights, so that what was cleared is gone.

Ollama inherits everything from a model named in `from` and cannot be told to drop it by an empty field. Built from
the weights' blob (`files`), nothing is inherited. Before 0.34.1 that would rewrite the whole file, so `from` is used
there as long as nothing was cleared. What makes the model answer right (its own template, the ends of its turns) is no
part of a persona and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...modelfile.persona import Persona
from .blobs import is_present
from .client import Connection
from .creating import create, fields_of
from .shown import Shown, read_show
from .store import BLOB_NAME
from .templates import with_ends
from .version import Version


def show(connection: Connection, name: str) -> Shown:
    """Raises ENGINE_MODEL_MISSING."""
    answer = connection.post("/api/show", {"model": name}, name)
    return read_show(answer)


def update(connection: Connection, version: Version, name: str, persona: Persona, cancel: CancelToken) -> None:
    """Raises OLLAMA_CANNOT_CLEAR where the model can only inherit and something was cleared."""
    build(connection, version, name, name, persona, cancel)


def build(
    connection: Connection,
    version: Version,
    source: str,
    target: str,
    persona: Persona,
    cancel: CancelToken,
    own_template: str | None = None,
) -> None:
    """Makes `target` of `source`'s weights with exactly this persona. `own_template`: what it shall have where the
    persona brings none; None = what `source` has."""
    shown = show(connection, source)
    persona = _dressed(persona, shown, shown.own_template if own_template is None else own_template)
    before = shown.persona if own_template is None else replace(shown.persona, template=shown.template)
    cleared = cleared_fields(before, persona)
    files = _files(connection, shown)
    if files is None and cleared:
        raise ModelyardError(Code.OLLAMA_CANNOT_CLEAR, name=source, field=cleared[0])
    if files is None or (not cleared and not version.keeps_gguf):
        body: dict[str, Any] = {"from": source}
        if persona.licenses == shown.persona.licenses:
            persona = replace(persona, licenses=())  # they are inherited, and would be added again
    else:
        body = {"files": files}
        body |= {key: text for key in ("renderer", "parser", "requires") if (text := getattr(shown, key))}
    create(connection, target, body | fields_of(persona), cancel)
    if "files" in body:
        _declare_again(connection, shown, target)


def _declare_again(connection: Connection, before: Shown, target: str) -> None:
    """Abilities that somebody declared for the model (CAPABILITY) stand nowhere by themselves: only `from` keeps them.
    What follows from a template goes with it."""
    after = show(connection, target)
    lost = [each for each in before.capabilities if each not in after.capabilities]
    if lost and before.rendering == after.rendering:
        create(connection, target, {"from": target, "info": {"capabilities": lost}}, CancelToken())


def _dressed(persona: Persona, shown: Shown, own_template: str) -> Persona:
    """With what the model has of its own."""
    parameters = dict(persona.parameters)
    if stops := with_ends(parameters.get("stop"), shown.ends):
        parameters["stop"] = stops
    return replace(persona, parameters=parameters, template=persona.template or own_template)


def _files(connection: Connection, shown: Shown) -> dict[str, str] | None:
    """The blobs of model and projectors, or None where the model cannot be built from them."""
    digests = [blob_digest(path) for path in shown.blobs]
    if shown.extras or shown.remote or not digests or not all(digests):
        return None
    names = ["model.gguf", *(f"projector{number or ''}.gguf" for number in range(len(digests) - 1))]
    files = dict(zip(names, digests, strict=True))
    return files if all(is_present(connection, digest) for digest in digests) else None


def blob_digest(path: str) -> str:
    """`sha256:HEX` of a blob's path on the server, whatever its system; empty if it is no blob."""
    name = PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
    return name.replace("-", ":") if BLOB_NAME.fullmatch(name) else ""


def cleared_fields(before: Persona, after: Persona) -> Sequence[str]:
    """What `before` says and `after` does not: the things that inheriting would keep."""
    cleared = [key for key in ("system", "messages", "template") if getattr(before, key) and not getattr(after, key)]
    if set(before.parameters) - set(after.parameters):
        cleared.append("parameters")
    if before.licenses and before.licenses != after.licenses:
        cleared.append("licenses")
    return cleared
