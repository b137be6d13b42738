"""Personas as files of ours and of other programs. The dialogs are the window's, reading and writing block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtWidgets import QFileDialog, QWidget

from ...errors import Code, ModelyardError
from ...host.files import storage_error, write_atomically
from ...modelfile.cards.exchange import CardKind, carried_whole, read_card, write_card
from ...modelfile.cards.values import LARGEST, Card
from ...modelfile.decode import decode
from ...modelfile.persona import Persona
from .draft import Draft
from .picture import as_png

_SUFFIXES = (".png", ".json", ".modelfile", ".txt")
_NAMES = ("modelfile",)


def is_persona_file(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES or path.name.lower() in _NAMES


def dropped_persona(data: QMimeData) -> Path | None:
    """The file to open as a persona, None if what is dropped is for the import of models."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return paths[0] if len(paths) == 1 and is_persona_file(paths[0]) and paths[0].is_file() else None


def open_persona(path: Path) -> tuple[Draft, Card]:
    """Blocks. Raises FILE_MISSING, FILE_UNREADABLE, PERSONA_NOT_READABLE."""
    data = _read(path)
    card = read_card(data, path.name)
    is_text = not data.startswith(b"\x89PNG") and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    persona = replace(card.persona, picture=as_png(card.persona.picture)) if card.persona.picture else card.persona
    return Draft(persona, decode(data) if is_text else "", fresh=True), card


def write_persona_file(persona: Persona, kind: CardKind, path: Path, text: str) -> bool:
    """True if nothing of the persona is lost in such a file. `text`: the Modelfile as it stands. Blocks.

    Raises DISK_FULL, FOLDER_NOT_WRITABLE, PERSONA_NOT_READABLE."""
    data = text.encode("utf-8", "replace") if kind is CardKind.MODELFILE else write_card(persona, kind)
    try:
        write_atomically(path, data)
    except OSError as error:
        raise storage_error(error, path.parent, len(data)) from error
    return carried_whole(persona, kind)


def read_picture_file(path: Path) -> bytes:
    """A PNG of the picture in a file. Blocks. Raises FILE_MISSING, FILE_UNREADABLE, PERSONA_NOT_READABLE."""
    picture = as_png(_read(path))
    if not picture:
        raise ModelyardError(Code.PERSONA_NOT_READABLE, name=path.name, detail="PNG, JPEG, WebP")
    return picture


def ask_open(parent: QWidget) -> Path | None:
    title = QCoreApplication.translate("Personas", "Open a persona")
    kinds = QCoreApplication.translate("Personas", "Personas (Modelfile, character card, preset)")
    name, _ = QFileDialog.getOpenFileName(parent, title, "", f"{kinds} (*.png *.json *.modelfile Modelfile *.txt)")
    return Path(name) if name else None


def ask_picture(parent: QWidget) -> Path | None:
    title = QCoreApplication.translate("Personas", "Choose a picture")
    kinds = QCoreApplication.translate("Personas", "Pictures")
    name, _ = QFileDialog.getOpenFileName(parent, title, "", f"{kinds} (*.png *.jpg *.jpeg *.webp)")
    return Path(name) if name else None


def ask_save(parent: QWidget, name: str, kind: CardKind) -> Path | None:
    title = QCoreApplication.translate("Personas", "Save the persona as a file")
    plain = "".join(each for each in name if each not in '<>:"/\\|?*').strip(" .") or "persona"
    chosen, _ = QFileDialog.getSaveFileName(parent, title, f"{plain}{kind.suffix}", f"*{kind.suffix}")
    return Path(chosen) if chosen else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
    except OSError as error:
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=error.strerror or "") from error
