"""Places in a text as Qt counts them and as Python does; edits followed one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.modelfile.document import Document, Edit
from modelyard.modelfile.persona import Persona
from modelyard.modelfile.sidecar import exact_to_json
from modelyard.ui.personas.colouring import spans
from modelyard.ui.personas.completion import offers
from modelyard.ui.personas.memory_field import lengths
from modelyard.ui.personas.positions import Positions, units
from modelyard.ui.personas.reading import joined, read, settled, trimmed
from modelyard.words.catalogue import catalogue

TEXT = st.text('ab😀🚀\n"é你 FROMSYSTEM', max_size=30)
CHANGE = st.tuples(st.integers(0, 40), st.integers(0, 10), TEXT)


@given(TEXT, st.lists(CHANGE, max_size=8))
def test_positions_after_any_edits(text: str, changes: list[tuple[int, int, str]]) -> None:
    positions = Positions(text)
    for start, length, new in changes:
        start, stop = min(start, len(text)), min(start + length, len(text))
        first = positions.unit(start)
        positions.edited(first, positions.unit(stop) - first, new)
        text = text[:start] + new + text[stop:]
    assert positions.length == len(text.encode("utf-16-le")) // 2 == units(text)
    for character in range(len(text) + 1):
        unit = len(text[:character].encode("utf-16-le")) // 2
        assert (positions.unit(character), positions.character(unit)) == (unit, character)


@given(TEXT, st.lists(CHANGE, max_size=50))
def test_documents_after_any_edits(text: str, changes: list[tuple[int, int, str]]) -> None:
    document, edits, now = Document.of(text), list[Edit](), text
    for start, length, new in changes:
        edit = Edit(min(start, len(now)), min(start + length, len(now)), new)
        now = now[: edit.start] + edit.text + now[edit.stop :]
        whole = joined(edits[-1], edit) if edits else None
        edits = [*edits[:-1], whole] if whole else [*edits, edit]
    assert settled(document, edits).text == now
    assert settled(document, edits) == Document.of(now)


@given(TEXT, CHANGE)
def test_what_stays_is_not_touched(text: str, change: tuple[int, int, str]) -> None:
    start = min(change[0], len(text))
    edit = Edit(start, min(start + change[1], len(text)), change[2])
    short = trimmed(edit, text)
    assert text[: short.start] + short.text + text[short.stop :] == text[: edit.start] + edit.text + text[edit.stop :]
    assert len(short.text) <= len(edit.text)


def test_colours_of_a_part() -> None:
    text = "# hi\nFROM x\nPARAMETER stop End\nMESSAGE user Who?\n"
    found = [(text[span.start : span.stop], span.kind) for span in spans(Document.of(text), 5, len(text))]
    assert found[:2] == [("FROM", "keyword"), ("x", "name")]
    assert ("stop", "name") in found and ("End", "string") in found and ("user", "name") in found
    assert [span.kind for span in spans(Document.of('SYSTEM """' + "x\n" * 50 + '"""'), 40, 44)] == ["string"]


def test_offers() -> None:
    words = catalogue("en")

    def texts(line: str, *, asked: bool = False) -> list[str]:
        return [each.text for each in offers(words, line, ["llama3.2", "qwen3"], asked=asked).offers]

    assert texts("") == [] and "SYSTEM " in texts("", asked=True)
    assert texts("te") == ["TEMPLATE "] and texts("PARAMETER tem") == ["temperature "]
    assert texts("MESSAGE ") == ["system ", "user ", "assistant "]
    assert texts("FROM q") == ["qwen3"] and texts("PARAMETER use_mmap ") == ["true", "false"]
    assert texts("PARAMETER seed 1") == [] and texts("SYSTEM te") == []


def test_lengths_of_the_memory_slider() -> None:
    assert lengths(8192) == (1024, 2048, 4096, 6144, 8192)
    assert lengths(512) == (512,) and lengths(None)[-1] == 131_072 and lengths(10_000)[-1] == 10_000


def test_what_is_kept_beside_the_text() -> None:
    exact = Persona(system="a\u200bb")
    reading = read(Document.of("FROM x\nSYSTEM ab\n"), exact_to_json(exact))
    assert reading.persona.system == exact.system and reading.losses[0][0] == "modelfile_lost_characters"
    assert read(Document.of("FROM x\nSYSTEM other\n"), exact_to_json(exact)).persona.system == "other"
