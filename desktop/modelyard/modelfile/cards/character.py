"""Character cards: JSON of version 1, 2 ("chara_card_v2") and 3 ("chara_card_v3"), also inside a PNG.

What a card written by us says exactly stands in its `extensions`, so that nothing is lost on the way back."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..persona import ExampleMessage, Persona
from ..pictures import picture_name
from ..sidecar import persona_from_json, persona_to_json
from . import png
from .character_text import example_messages, example_text, filled, other_placeholders
from .values import Card, dump_json, items, load_json, table, text, unreadable

_KEYWORDS = ("ccv3", "chara")  # the newer one first
_EXTENSION = "modelyard"
_GREETING_QUESTION = "👋"  # many chat templates want a question before the first answer
_PARTS = ("description", "personality", "scenario")


def is_character(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    data = record.get("data")
    named = isinstance(data, dict) and "name" in data
    return (str(record.get("spec", "")).startswith("chara_card") and named) or (
        "name" in record and ("first_mes" in record or "mes_example" in record)
    )


def read_character(record: Mapping[str, Any]) -> Card:
    """Never raises."""
    data = table(record, "data") or record
    name = text(data, "nickname") or text(data, "name")
    exact = table(table(data, "extensions"), _EXTENSION)
    if exact:
        return Card(replace(persona_from_json(exact), name=text(data, "name")))
    book, used = _lore(data, name)
    texts = [text(data, "system_prompt"), *(_labelled(data, key) for key in _PARTS), *book]
    texts.append(text(data, "post_history_instructions"))
    messages = list(example_messages(text(data, "mes_example"), name))
    if greeting := filled(text(data, "first_mes"), name):
        messages += [ExampleMessage("user", _GREETING_QUESTION), ExampleMessage("assistant", greeting)]
    persona = Persona(
        name=text(data, "name"),
        system="\n\n".join(shown for one in texts if (shown := filled(one, name))),
        messages=tuple(messages),
    )
    warnings: list[tuple[str, dict[str, str | int]]] = []
    entries = len(items(table(data, "character_book"), "entries"))
    if entries > used:
        warnings.append(("card_lorebook_ignored", {"entries": entries}))
    said = "\n".join([*texts, text(data, "mes_example"), text(data, "first_mes")])
    if macros := other_placeholders(said):
        warnings.append(("card_macros_kept", {"macros": ", ".join(sorted(macros)[:10])}))
    return Card(persona, tuple(warnings))


def write_character(persona: Persona) -> bytes:
    """A version 2 card, which every program reads."""
    return dump_json(_card(persona))


def read_character_png(data: bytes, name: str) -> Card:
    """Raises PERSONA_NOT_READABLE. The persona's picture is the PNG without the card."""
    try:
        found = png.texts(data)
        packed = next((found[keyword] for keyword in _KEYWORDS if keyword in found), None)
        if packed is None:
            raise unreadable(name, "PNG")
        record = load_json(base64.b64decode(packed, validate=False), name)
        picture = png.with_texts(data, {}, _KEYWORDS)
    except (png.PngError, binascii.Error) as error:
        raise unreadable(name, "PNG") from error
    if not is_character(record):
        raise unreadable(name, "PNG")
    card = read_character(record)
    return replace(card, persona=replace(card.persona, picture=picture))


def write_character_png(persona: Persona) -> bytes:
    """The persona's picture with its card inside, for old and new programs. A persona without a PNG picture gets a
    plain one in a colour of its own."""
    picture = persona.picture
    if picture_name(picture) != "picture.png":
        shade = zlib.crc32(persona.name.encode("utf-8", "replace"))
        picture = png.plain_picture(400, 600, (64 + shade % 128, 64 + (shade >> 8) % 128, 64 + (shade >> 16) % 128))
    second = _card(persona)
    third = {"spec": "chara_card_v3", "spec_version": "3.0", "data": _third(second["data"])}
    added = {"chara": base64.b64encode(dump_json(second)), "ccv3": base64.b64encode(dump_json(third))}
    try:
        return png.with_texts(picture, added, _KEYWORDS)
    except png.PngError as error:
        raise unreadable(persona.name, "PNG") from error


def _card(persona: Persona) -> dict[str, Any]:
    greeting, examples = "", persona.messages
    if len(examples) > 1 and examples[-1].role == "assistant" and examples[-2].content == _GREETING_QUESTION:
        greeting, examples = examples[-1].content, examples[:-2]
    return {
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {
            "name": persona.name or "Persona",
            "description": persona.system,
            "personality": "",
            "scenario": "",
            "first_mes": greeting,
            "mes_example": example_text(examples),
            "creator_notes": "",
            "system_prompt": "",
            "post_history_instructions": "",
            "alternate_greetings": [],
            "tags": [],
            "creator": "",
            "character_version": "",
            "extensions": {_EXTENSION: persona_to_json(persona)},
        },
    }


def _third(data: dict[str, Any]) -> dict[str, Any]:
    icon = {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}
    return {**data, "nickname": "", "group_only_greetings": [], "assets": [icon]}


def _labelled(data: Mapping[str, Any], key: str) -> str:
    """The description as it is, the others under a heading."""
    value = text(data, key)
    return value if key == "description" or not value else f"{key.title()}: {value}"


def _lore(data: Mapping[str, Any], name: str) -> tuple[list[str], int]:
    """The entries of the lore book that always apply, and how many they are."""
    found = []
    for entry in items(table(data, "character_book"), "entries"):
        if isinstance(entry, dict) and entry.get("constant") is True and entry.get("enabled", True) is True:
            found.append(filled(text(entry, "content"), name))
    return found, len(found)
