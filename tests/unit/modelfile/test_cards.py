"""Personas of other programs: what is read, what is written, what comes back."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.modelfile.cards import png
from modelyard.modelfile.cards.exchange import CardKind, carried_whole, read_card, write_card
from modelyard.modelfile.persona import ExampleMessage, Persona

PICTURE = png.plain_picture(8, 8, (200, 30, 30))
MARIO = Persona(
    name="Mario 马里奥",
    system="You are Mario.\nSay “Mamma mia!”\u200b",
    parameters={"temperature": 0.9, "top_p": 0.95, "num_ctx": 8192, "stop": ("###",), "repeat_penalty": 1.1, "seed": 3},
    messages=(ExampleMessage("user", "Hi"), ExampleMessage("assistant", "It's-a me!")),
    template="{{ .Prompt }}",
    licenses=("MIT",),
    picture=PICTURE,
    base="llama3.2",
)


@pytest.mark.parametrize("kind", [CardKind.CHARACTER_JSON, CardKind.CHARACTER_PNG])
def test_our_own_character_cards_lose_nothing(kind: CardKind) -> None:
    card = read_card(write_card(MARIO, kind), "x")
    wanted = MARIO if kind is CardKind.CHARACTER_PNG else replace(MARIO, picture=b"")
    assert card.persona == wanted
    assert card.warnings == ()
    assert carried_whole(MARIO, kind)


def test_a_modelfile_is_a_card() -> None:
    persona = replace(MARIO, system="You are Mario.", picture=b"", name="")
    data = write_card(persona, CardKind.MODELFILE)
    assert read_card(data, "somewhere/Modelfile").persona == persona
    assert read_card(data, "Super Mario.modelfile").persona.name == "Super Mario"
    assert carried_whole(persona, CardKind.MODELFILE)
    assert not carried_whole(MARIO, CardKind.MODELFILE)


@pytest.mark.parametrize("kind", [CardKind.LM_STUDIO, CardKind.OPEN_WEBUI])
def test_presets_carry_role_and_numbers(kind: CardKind) -> None:
    card = read_card(write_card(MARIO, kind), "x.json")
    assert card.persona.name == MARIO.name
    assert card.persona.system == MARIO.system
    assert dict(card.persona.parameters) == dict(MARIO.parameters)
    assert card.warnings == ()
    assert not carried_whole(MARIO, kind)
    if kind is CardKind.OPEN_WEBUI:
        assert (card.persona.picture, card.persona.base) == (PICTURE, "llama3.2")


def test_lm_studio_preset_of_today() -> None:
    preset = {
        "identifier": "@local:x",
        "name": "Lens",
        "operation": {
            "fields": [
                {"key": "llm.prediction.systemPrompt", "value": "Be brief."},
                {"key": "llm.prediction.temperature", "value": 0.05},
                {"key": "llm.prediction.topKSampling", "value": 20.0},
                {"key": "llm.prediction.topPSampling", "value": {"checked": True, "value": 0.9}},
                {"key": "llm.prediction.minPSampling", "value": {"checked": False, "value": 0.5}},
                {"key": "llm.prediction.maxPredictedTokens", "value": {"checked": True, "value": 400}},
                {"key": "llm.prediction.stopStrings", "value": ["##"]},
                {"key": "llm.prediction.structured", "value": {"type": "none"}},
                {"key": "llm.prediction.contextOverflowPolicy", "value": "rollingWindow"},
                "nonsense",
            ]
        },
        "load": {"fields": [{"key": "llm.load.contextLength", "value": 4096}]},
    }
    card = read_card(json.dumps(preset).encode(), "lens.preset.json")
    assert card.persona == Persona(
        name="Lens",
        system="Be brief.",
        parameters={
            "temperature": 0.05,
            "top_k": 20,
            "top_p": 0.9,
            "num_predict": 400,
            "stop": ("##",),
            "num_ctx": 4096,
        },
    )
    assert card.warnings == (("preset_fields_ignored", {"fields": "llm.prediction.contextOverflowPolicy"}),)


def test_lm_studio_preset_of_old() -> None:
    preset = {
        "name": "Llava",
        "inference_params": {"temp": 0.1, "antiprompt": ["###"], "pre_prompt": "Do it.\n", "input_prefix": "x"},
        "load_params": {"n_ctx": 2048},
    }
    card = read_card(json.dumps(preset).encode(), "llava.preset.json")
    assert card.persona.system == "Do it."
    assert dict(card.persona.parameters) == {"temperature": 0.1, "stop": ("###",), "num_ctx": 2048}
    assert card.warnings == (("preset_fields_ignored", {"fields": "input_prefix"}),)


def test_open_webui_exports() -> None:
    model = {
        "id": "mario",
        "base_model_id": "llama3.2:latest",
        "name": "Mario",
        "params": {"system": "You are Mario.", "temperature": 1, "max_tokens": 100, "function_calling": "native"},
        "meta": {"profile_image_url": "/static/favicon.png", "description": "x"},
    }
    wanted = Persona("Mario", "You are Mario.", {"temperature": 1, "num_predict": 100}, base="llama3.2:latest")
    for record in ([model], model, {"id": "mario", "name": "Mario", "info": model}):
        card = read_card(json.dumps(record).encode(), "models.json")
        assert card.persona == wanted
        assert card.warnings == (("preset_fields_ignored", {"fields": "function_calling"}),)


def _card(spec: str, **data: Any) -> dict[str, Any]:
    return {"spec": spec, "spec_version": "2.0", "data": {"name": "Aria", **data}}


FULL = {
    "description": "{{char}} is an elf who likes {{user}}.",
    "personality": "kind",
    "scenario": "A forest. {{random:day,night}}",
    "first_mes": "Hello, {{user}}! I am {{char}}.",
    "mes_example": (
        "<START>\n{{user}}: Who are you?\n{{char}}: I am {{char}}.\nAn elf.\n<START>\nAria: Come!\n{{user}}: Wait"
    ),
    "system_prompt": "Stay in role. {{original}}",
    "post_history_instructions": "Never break it.",
    "character_book": {
        "entries": [
            {"content": "Elves live long.", "constant": True, "enabled": True, "keys": []},
            {"content": "Hidden.", "constant": False, "enabled": True, "keys": ["x"]},
        ]
    },
}


@pytest.mark.parametrize("spec", ["chara_card_v2", "chara_card_v3", ""])
def test_character_cards_become_personas(spec: str) -> None:
    record = _card(spec, **FULL) if spec else {"name": "Aria", **FULL}
    card = read_card(json.dumps(record).encode(), "aria.json")
    assert card.persona.name == "Aria"
    assert card.persona.system == (
        "Stay in role.\n\nAria is an elf who likes User.\n\nPersonality: kind\n\n"
        "Scenario: A forest. {{random:day,night}}\n\nElves live long.\n\nNever break it."
    )
    assert card.persona.messages == (
        ExampleMessage("user", "Who are you?"),
        ExampleMessage("assistant", "I am Aria.\nAn elf."),
        ExampleMessage("assistant", "Come!"),
        ExampleMessage("user", "👋"),
        ExampleMessage("assistant", "Hello, User! I am Aria."),
    )
    assert card.warnings == (
        ("card_lorebook_ignored", {"entries": 2}),
        ("card_macros_kept", {"macros": "{{random:day,night}}"}),
    )


def _png_with(kind: bytes, content: bytes) -> bytes:
    chunk = struct.pack(">I", len(content)) + kind + content + bytes(4)  # a wrong checksum, as many programs write
    return PICTURE[:-12] + chunk + PICTURE[-12:]


@pytest.mark.parametrize("packing", ["tEXt", "zTXt", "iTXt", "iTXt packed"])
def test_cards_are_found_in_every_kind_of_text(packing: str) -> None:
    value = base64.b64encode(json.dumps(_card("chara_card_v2", description="An elf.")).encode())
    content = {
        "tEXt": b"chara\0" + value,
        "zTXt": b"chara\0\0" + zlib.compress(value),
        "iTXt": b"chara\0\0\0en\0Karte\0" + value,
        "iTXt packed": b"chara\0\1\0\0\0" + zlib.compress(value),
    }[packing]
    card = read_card(_png_with(packing[:4].encode(), content), "aria.png")
    assert (card.persona.name, card.persona.system) == ("Aria", "An elf.")
    assert card.persona.picture == PICTURE


def test_the_newer_card_of_a_png_counts() -> None:
    def packed(name: str) -> bytes:
        return base64.b64encode(json.dumps({"spec": "chara_card_v3", "data": {"name": name}}).encode())

    picture = png.with_texts(PICTURE, {"chara": packed("old"), "ccv3": packed("new")}, ())
    assert read_card(picture, "x.png").persona.name == "new"


def test_a_persona_without_a_png_gets_one() -> None:
    for picture in (b"", b"\xff\xd8\xff\xe0 jpeg"):
        data = write_card(replace(MARIO, picture=picture), CardKind.CHARACTER_PNG)
        assert read_card(data, "x.png").persona.system == MARIO.system


_BOMB = b"chara\0\0" + zlib.compress(bytes(64 << 20))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n",
        PICTURE,
        PICTURE[:20],
        PICTURE[:8] + b"\xff\xff\xff\xff" + PICTURE[12:],
        _png_with(b"tEXt", b"chara\0!!!"),
        _png_with(b"tEXt", b"chara\0" + base64.b64encode(b"[]")),
        _png_with(b"zTXt", b"chara\0\0junk"),
        _png_with(b"zTXt", _BOMB),
        b"{",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"name": 5}',
        b"\xff\xfe{\x00",
        b"BAD text\n",
    ],
    ids=range(17),
)
def test_what_is_no_persona_is_refused(data: bytes) -> None:
    with pytest.raises(ModelyardError) as caught:
        read_card(data, "dir/x.bin")
    assert caught.value.code is Code.PERSONA_NOT_READABLE
    assert caught.value.fields["name"] == "x.bin"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_KEYS = ["name", "data", "spec", "first_mes", "mes_example", "character_book", "extensions", "operation", "load"]
_KEYS += ["inference_params", "load_params", "info", "params", "meta", "base_model_id", "fields", "modelyard", "key"]


@given(st.recursive(_JSON, lambda inner: st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5), max_leaves=12))
def test_strange_json_gives_a_persona_or_a_code(record: Any) -> None:
    try:
        read_card(json.dumps(record).encode(), "x.json")
    except ModelyardError as error:
        assert error.code is Code.PERSONA_NOT_READABLE


@given(st.binary(max_size=60).map(lambda data: PICTURE[: len(PICTURE) - 12] + data))
def test_strange_pngs_give_a_code(data: bytes) -> None:
    with pytest.raises(ModelyardError):
        read_card(data, "x.png")
