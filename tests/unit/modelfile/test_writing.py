"""Persona ⇄ Modelfile: everything the format can carry comes back, the rest is named, people's lines stay."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.modelfile.document import Document, Edit
from modelyard.modelfile.parameters import DEPRECATED, PARAMETERS, ParameterError, ParameterKind, read_value
from modelyard.modelfile.persona import ExampleMessage, Persona
from modelyard.modelfile.quoting import carried, loss, quote
from modelyard.modelfile.reading import persona_of, read_persona
from modelyard.modelfile.syntax import parse
from modelyard.modelfile.writing import carried_persona, edits_for, losses_of, write_persona
from tests.shared import SHARED

_TRICKY = st.lists(
    st.sampled_from(
        ['"', '""', '"""', "\n", "\r\n", "\r", "\t", " ", "a", "#", "FROM b", "漢", "👩\u200d👧", "\u3000", "é"]
    ),
    max_size=14,
).map("".join)
_TEXT = _TRICKY | st.text(max_size=60)
_NUMBERS = {
    ParameterKind.INT: st.integers(-(1 << 63), (1 << 63) - 1),
    ParameterKind.FLOAT: st.floats(allow_nan=False, allow_infinity=False, width=32),
    ParameterKind.BOOL: st.booleans(),
    ParameterKind.TEXTS: st.lists(_TEXT, min_size=1, max_size=3).map(tuple),
}
_PARAMETERS = st.fixed_dictionaries({}, optional={name: _NUMBERS[one.kind] for name, one in PARAMETERS.items()})
_PERSONAS = st.builds(
    Persona,
    system=_TEXT,
    parameters=_PARAMETERS,
    messages=st.lists(
        st.builds(ExampleMessage, st.sampled_from(["system", "user", "assistant"]), _TEXT), max_size=3
    ).map(tuple),
    template=_TEXT,
    licenses=st.lists(_TEXT, max_size=2).map(tuple),
    base=_TEXT,
    renderer=_TEXT,
    parser=_TEXT,
    requires=_TEXT,
)


@given(_PERSONAS)
def test_what_can_be_carried_comes_back_and_the_rest_is_named(persona: Persona) -> None:
    written = write_persona(persona)
    back = read_persona(written.text.encode("utf-8"))
    if written.losses:
        assert back != persona
    else:
        assert back == persona
    if persona.base:
        assert parse(written.text)  # Ollama takes it, whatever it says
    kept = carried_persona(persona)
    assert carried_persona(kept) == kept
    assert losses_of(kept) == ()


@given(_TEXT)
def test_a_quoted_text_is_read_as_carried(text: str) -> None:
    for style in ("", '"', '"""'):
        assert parse(f"FROM a\nSYSTEM {quote(text, style)}\nREQUIRES 1\n")[1].args == carried(text)
    assert (loss("system", text) is None) == (carried(text) == text)


@given(
    _PERSONAS,
    _PERSONAS,
    st.lists(st.sampled_from(["# note\n", "\n", "BAD line\n", "PARAMETER mirostat 1\n"]), max_size=3),
)
def test_editing_a_document_gives_the_persona_and_leaves_strange_lines(
    before: Persona, after: Persona, strange: list[str]
) -> None:
    document = Document.of("".join(strange) + write_persona(before).text + "".join(strange))
    changed = document.apply(*edits_for(document, after))
    wanted = carried_persona(after)
    if not after.base:
        wanted = replace(wanted, base=persona_of(document).base)
    assert persona_of(changed) == wanted
    assert edits_for(changed, after) == ()
    for line in strange:
        assert changed.text.count(line) >= strange.count(line)


@given(st.data())
def test_an_edit_reads_the_text_as_if_it_were_new(data: st.DataObject) -> None:
    pieces = st.lists(
        st.sampled_from(["FROM a", "\n", "\r", "\r\n", "SYSTEM ", '"', '"""', "# c", " ", "x"]), max_size=20
    )
    text = "".join(data.draw(pieces))
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    new = "".join(data.draw(pieces))
    assert Document.of(text).apply(Edit(start, stop, new)) == Document.of(text[:start] + new + text[stop:])


def test_one_changed_field_changes_one_place() -> None:
    text = '# My robot\nFROM llama3 \n\n  SYSTEM "old"\n# numbers\nPARAMETER seed 1\nPARAMETER stop A\nPARAMETER stop B'
    document = Document.of(text)
    persona = replace(persona_of(document), system="new", parameters={"seed": 1, "stop": ("A", "C", "B"), "top_k": 3})
    edits = edits_for(document, persona)
    assert document.apply(*edits).text == (
        '# My robot\nFROM llama3 \n\n  SYSTEM "new"\n# numbers\n'
        "PARAMETER seed 1\nPARAMETER stop A\nPARAMETER stop C\nPARAMETER stop B\nPARAMETER top_k 3\n"
    )
    assert len(edits) == 3


def test_clearing_a_field_takes_every_line_of_it_away() -> None:
    document = Document.of("FROM a\nSYSTEM one\nPARAMETER seed 1\nSYSTEM two\nPARAMETER seed 2\n")
    cleared = document.apply(*edits_for(document, Persona(base="a")))
    assert cleared.text == "FROM a\n"


def test_losses_are_precise() -> None:
    persona = Persona(
        system="a\u200bb\u200b",
        template='x = """doc"""\nend',
        parameters={"num-ctx": 3, "temperature": "hot", "stop": ("\u00a0",)},
        messages=(ExampleMessage("tool", "x"),),
    )
    found = {one.field: one for one in losses_of(persona)}
    assert found["system"].dropped == (("\u200b", 2),)
    assert found["template"].early_ends == 1
    assert found["parameter stop"].dropped == (("\u00a0", 1),)
    assert found["parameter num-ctx"].unwritable
    assert found["parameter temperature"].unwritable
    assert found["message 1"].unwritable
    assert len(found) == 6
    assert found["system"].warnings() == (
        ("modelfile_lost_characters", {"place": "SYSTEM", "characters": "U+200B", "count": 2}),
    )
    assert found["template"].warnings() == (("modelfile_lost_quotes", {"place": "TEMPLATE", "count": 1}),)
    assert found["message 1"].warnings() == (("modelfile_unwritable", {"place": "MESSAGE 1"}),)
    assert carried(persona.template) == "x = \"\"\"doc'''\nend"


def _create_cases() -> list[Any]:
    path = SHARED / "conformance" / "modelfile_cases.json"
    cases = json.loads(path.read_text("utf-8"))["create_request_cases"] if path.exists() else []
    return [pytest.param(case, id=case["id"]) for case in cases if "stat <DIR>" not in case.get("error", "")]


@pytest.mark.parametrize("case", _create_cases())
def test_a_modelfile_means_what_ollama_create_sends(case: dict[str, Any]) -> None:
    commands = parse(case["input"])
    if case.get("error", "").startswith("requires"):
        return  # a finding of checking.py, see test_checking.py
    if "error" in case:
        with pytest.raises(ParameterError) as caught:
            for command in commands[1:]:
                read_value(command.name, command.args)
        assert caught.value.message == case["error"]
        return
    persona = read_persona(case["input"].encode())
    request = {
        "from": persona.base,
        "system": persona.system,
        "template": persona.template,
        "renderer": persona.renderer,
        "parser": persona.parser,
        "requires": persona.requires.removeprefix("v"),
        "license": list(persona.licenses),
        "messages": [{"role": message.role, "content": message.content} for message in persona.messages],
        "parameters": {
            name: list(value) if isinstance(value, tuple) else value for name, value in persona.parameters.items()
        },
    }
    assert {key: value for key, value in request.items() if value} == case["request"]
    assert not set(persona.parameters) & set(DEPRECATED)
