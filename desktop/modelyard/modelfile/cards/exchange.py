"""Personas to and from files of other programs: what a file is decides its content, never its name."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath

from ..decode import decode
from ..document import Document
from ..persona import Persona
from ..reading import persona_of
from ..writing import losses_of, write_persona
from . import character, lmstudio, openwebui, png
from .values import LARGEST, Card, load_json, unreadable


class CardKind(StrEnum):
    """`suffix`: how a file of this kind is named."""

    suffix: str

    def __new__(cls, value: str, suffix: str) -> CardKind:
        member = str.__new__(cls, value)
        member._value_ = value
        member.suffix = suffix
        return member

    MODELFILE = "modelfile", ".modelfile"
    CHARACTER_PNG = "character_png", ".card.png"
    CHARACTER_JSON = "character_json", ".card.json"
    LM_STUDIO = "lm_studio", ".preset.json"
    OPEN_WEBUI = "open_webui", ".openwebui.json"


def read_card(data: bytes, file_name: str) -> Card:
    """A persona from whatever kind of file `data` is. Raises PERSONA_NOT_READABLE."""
    name = PurePath(file_name).name
    if len(data) > LARGEST:
        raise unreadable(name, f"> {LARGEST >> 20} MB")
    if data.startswith(png.MAGIC):
        return character.read_character_png(data, name)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _named(_read_json(data, name), name)
    return _named(_read_modelfile(data, name), name)


def write_card(persona: Persona, kind: CardKind) -> bytes:
    """Raises PERSONA_NOT_READABLE for a damaged PNG picture."""
    match kind:
        case CardKind.MODELFILE:
            return write_persona(persona).text.encode("utf-8", "replace")
        case CardKind.CHARACTER_PNG:
            return character.write_character_png(persona)
        case CardKind.CHARACTER_JSON:
            return character.write_character(persona)
        case CardKind.LM_STUDIO:
            return lmstudio.write_preset(persona)
        case CardKind.OPEN_WEBUI:
            return openwebui.write_model(persona)


def _read_json(data: bytes, name: str) -> Card:
    record = load_json(data, name)
    if character.is_character(record):
        return character.read_character(record)
    if lmstudio.is_preset(record):
        return lmstudio.read_preset(record)
    if openwebui.is_model(record):
        return openwebui.read_model(record)
    raise unreadable(name, "JSON")


def _read_modelfile(data: bytes, name: str) -> Card:
    """A text with at least one command. Mistakes in others are the editor's to show."""
    document = Document.of(decode(data))
    if not any(True for _ in document.commands()):
        raise unreadable(name, "Modelfile")
    return Card(persona_of(document))


def _named(card: Card, file_name: str) -> Card:
    """A card without a name is called like its file."""
    if card.persona.name:
        return card
    stem = PurePath(file_name).stem
    return replace(card, persona=replace(card.persona, name="" if stem.lower() == "modelfile" else stem))


def carried_whole(persona: Persona, kind: CardKind) -> bool:
    """True if nothing of the persona is lost in a file of this kind (the picture is, except in a PNG)."""
    if kind is CardKind.MODELFILE:
        return not losses_of(persona)
    if kind in (CardKind.CHARACTER_JSON, CardKind.CHARACTER_PNG):
        return True
    return not (persona.messages or persona.template or persona.licenses)
