"""Personas on disk: one folder each with `Modelfile`, a picture and, for what a Modelfile cannot say, `persona.json`.
Plain files, so that people can share and version them; what people put beside them stays."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Code, ModelyardError
from ..host.files import storage_error
from .document import Document
from .folder_files import (
    MODELFILE,
    read_document,
    read_picture,
    read_record,
    write_document,
    write_picture,
    write_record,
)
from .persona import Persona
from .pictures import PICTURE_NAMES
from .reading import persona_of
from .sidecar import exact_from_json, exact_to_json
from .writing import edits_for

_SIDECAR = "persona.json"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_LONGEST_NAME = 60


@dataclass(frozen=True)
class StoredPersona:
    """`id`: the name of its folder. `document`: the Modelfile's text, comments and all. `modified`: unix seconds."""

    id: str
    folder: Path
    document: Document
    persona: Persona
    modified: float


class PersonaStore:
    """The personas of one folder. Nothing is read before it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def personas(self) -> list[StoredPersona]:
        """By name. Folders without a readable Modelfile are passed over."""
        try:
            folders = [path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith(".")]
        except OSError:
            return []
        found = [stored for folder in folders if (stored := _read(folder)) is not None]
        return sorted(found, key=lambda stored: stored.persona.name.casefold())

    def load(self, id: str) -> StoredPersona:
        """Raises PERSONA_MISSING."""
        stored = _read(self.root / id) if _is_plain(id) else None
        if stored is None:
            raise ModelyardError(Code.PERSONA_MISSING, name=id)
        return stored

    def save(self, persona: Persona, id: str | None = None, text: str | None = None) -> StoredPersona:
        """Writes a persona: a new one, or over the one with this id. `text` is the Modelfile as a person wrote it;
        without it the stored text is changed as little as possible.

        Raises DISK_FULL, FOLDER_NOT_WRITABLE, PERSONA_MISSING."""
        with self._writing():
            if id is None:
                folder, before = self._new_folder(persona.name), Document(())
            else:
                stored = self.load(id)
                folder, before = stored.folder, stored.document
            document = Document.of(text) if text is not None else before
            document = document.apply(*edits_for(document, persona))
            write_document(folder, document)
            record = {"version": 1, "name": persona.name, "exact": exact_to_json(persona)}
            write_record(folder / _SIDECAR, record)
            write_picture(folder, persona.picture)
        return self.load(folder.name)

    def duplicate(self, id: str, name: str) -> StoredPersona:
        """The same persona and text again under another name. Raises as load and save."""
        stored = self.load(id)
        return self.save(replace(stored.persona, name=name), text=stored.document.text)

    def delete(self, id: str) -> None:
        """Removes what we wrote; the folder stays if a person put something into it. Raises as load."""
        folder = self.load(id).folder
        with self._writing():
            for name in (MODELFILE, _SIDECAR, *PICTURE_NAMES):
                (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()

    def _new_folder(self, name: str) -> Path:
        """Made, with the persona's name as far as file systems allow; a number is added if it is taken."""
        plain = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name)).split())
        plain = plain.strip(" .")[:_LONGEST_NAME].strip(" .")
        plain = f"_{plain}" if not plain or _RESERVED.fullmatch(plain) or plain.startswith(".") else plain
        number = 1
        while True:
            folder = self.root / (plain if number == 1 else f"{plain} {number}")
            try:
                folder.mkdir(parents=True)
                return folder
            except FileExistsError:
                number += 1

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise storage_error(error, self.root, 0) from error


def _read(folder: Path) -> StoredPersona | None:
    try:
        document = read_document(folder)
        modified = (folder / MODELFILE).stat().st_mtime
    except OSError:
        return None
    record = read_record(folder / _SIDECAR)
    name = record.get("name")
    persona = exact_from_json(persona_of(document), record.get("exact"))
    persona = replace(persona, name=name if isinstance(name, str) else folder.name, picture=read_picture(folder))
    return StoredPersona(folder.name, folder, document, persona, modified)


def _is_plain(id: str) -> bool:
    return bool(id) and Path(id).name == id and id not in (".", "..")
