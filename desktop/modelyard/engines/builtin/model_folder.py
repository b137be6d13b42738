"""One model on disk: a folder with `Modelfile`, its GGUF files and, for what a Modelfile cannot say, `modelyard.json`.

A folder that a person made by hand works as well: a Modelfile whose FROM lines name GGUF files is enough.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...modelfile.document import Document
from ...modelfile.folder_files import (
    MODELFILE,
    read_document,
    read_picture,
    read_record,
    write_document,
    write_picture,
    write_record,
)
from ...modelfile.persona import Persona
from ...modelfile.reading import persona_of
from ...modelfile.sidecar import exact_from_json, exact_to_json
from ...modelfile.writing import edits_for
from ..base import InstallRequest
from ..facts import ModelFacts

SIDECAR = "modelyard.json"


@dataclass(frozen=True)
class ModelFolder:
    """`files`: the model's GGUF files, then a projector if `projector`. `facts`: None until somebody described it, or
    if the file changed since."""

    path: Path
    name: str
    document: Document
    files: tuple[Path, ...]
    projector: Path | None = None
    display_name: str = ""
    facts: ModelFacts | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gguf(self) -> Path:
        return self.files[0]

    def persona(self) -> Persona:
        """What the Modelfile says, with the exact texts it could not carry; `base` is left empty."""
        persona = exact_from_json(persona_of(self.document), self.record.get("exact"))
        return replace(persona, name=self.display_name, picture=read_picture(self.path), base="")

    def end_tokens(self) -> tuple[str, ...]:
        """Texts with which the model ends its turn, as told at the installation."""
        found = self.record.get("end_tokens")
        return tuple(token for token in found if isinstance(token, str) and token) if isinstance(found, list) else ()

    def modified(self) -> float:
        """When it was last changed, unix seconds."""
        return (self.path / MODELFILE).stat().st_mtime

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in (*self.files, *_extra(self.projector)))


def read_folder(path: Path, name: str) -> ModelFolder | None:
    """None if there is no model in it: no Modelfile, or its GGUF is missing."""
    try:
        document = read_document(path)
    except OSError:
        return None
    record = read_record(path / SIDECAR)
    froms = [path / node.args for _, node in document.commands("from")]
    files = [file for file in froms if file.is_file()]
    projector = next((file for file in files if file.name.lower().startswith("mmproj")), None)
    weights = [file for file in files if file != projector]
    if not weights:
        return None
    stored = record.get("name")
    return ModelFolder(
        path=path,
        name=stored if isinstance(stored, str) and stored.lower() == name else name,
        document=document,
        files=tuple(weights),
        projector=projector,
        display_name=str(record.get("display_name", "")),
        facts=_facts(record, weights[0]),
        record=record,
    )


def write_new(path: Path, name: str, files: list[str], request: InstallRequest, facts: ModelFacts) -> None:
    """Writes what stands beside the GGUF files of a new folder. Raises OSError."""
    document = Document.of("".join(f"FROM ./{file}\n" for file in files))
    record = {
        "version": 1,
        "name": name,
        "display_name": request.display_name or request.persona.name,
        "end_tokens": list(request.chat_format.end_tokens),
    }
    _write(path, document, request.persona, record, facts)


def rename_in(path: Path, name: str) -> None:
    """Puts another name into a copied folder. Raises OSError."""
    write_record(path / SIDECAR, read_record(path / SIDECAR) | {"name": name})


def write_persona_into(folder: ModelFolder, persona: Persona) -> None:
    """Gives a model another persona. Comments and unknown lines of its Modelfile stay. Raises OSError."""
    record = dict(folder.record)
    if persona.name:
        record["display_name"] = persona.name
    _write(folder.path, folder.document, persona, record, folder.facts)


def write_facts(folder: ModelFolder, facts: ModelFacts) -> None:
    """Remembers facts; a folder that cannot be written simply has them read again next time."""
    with contextlib.suppress(OSError):
        write_record(folder.path / SIDECAR, dict(folder.record) | _facts_record(folder.gguf, facts))


def _write(path: Path, document: Document, persona: Persona, record: dict[str, Any], facts: ModelFacts | None) -> None:
    lines = replace(persona, base="")
    changed = document.apply(*edits_for(document, lines))
    write_document(path, changed)
    record["exact"] = exact_to_json(lines)
    if facts is not None:
        first = next(node.args for _, node in document.commands("from"))
        record |= _facts_record(path / first, facts)
    write_record(path / SIDECAR, record)
    write_picture(path, persona.picture)


def _facts_record(gguf: Path, facts: ModelFacts) -> dict[str, Any]:
    return {"facts": facts.to_json(), "facts_of": _stamp(gguf)}


def _facts(record: Mapping[str, Any], gguf: Path) -> ModelFacts | None:
    try:
        return ModelFacts.from_json(record["facts"]) if record["facts_of"] == _stamp(gguf) else None
    except (KeyError, TypeError, ValueError, OSError, AttributeError):
        return None


def _stamp(gguf: Path) -> list[int]:
    status = gguf.stat()
    return [status.st_size, status.st_mtime_ns]


def _extra(projector: Path | None) -> tuple[Path, ...]:
    return (projector,) if projector else ()
