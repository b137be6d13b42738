"""Personas as plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.modelfile.persona import ExampleMessage, Persona
from modelyard.modelfile.sidecar import persona_from_json, persona_to_json
from modelyard.modelfile.store import PersonaStore

PNG = b"\x89PNG\r\n\x1a\nrest"


@pytest.fixture
def store(tmp_path: Path) -> PersonaStore:
    return PersonaStore(tmp_path / "personas")


def test_a_persona_comes_back_as_it_was(store: PersonaStore) -> None:
    persona = Persona(
        name="马里奥: 1/2",
        system="👩\u200d👧",
        parameters={"stop": ("a\u00a0b",), "num_ctx": 4096},
        messages=(ExampleMessage("user", "x"),),
        picture=PNG,
        base="llama3.2",
    )
    stored = store.save(persona)
    assert stored.persona == persona
    assert stored.id == "马里奥 1 2"
    assert {path.name for path in stored.folder.iterdir()} == {"Modelfile", "persona.json", "picture.png"}
    assert [one.persona for one in PersonaStore(store.root).personas()] == [persona]


def test_comments_and_strange_lines_survive_saving(store: PersonaStore) -> None:
    text = "# mine\nFROM a\n\nSYSTEM old\nWHAT is this\n"
    stored = store.save(Persona(name="x", system="old", base="a"), text=text)
    assert stored.document.text == text
    again = store.save(Persona(name="x", system="new", base="a"), stored.id)
    assert again.document.text == text.replace("old", "new")


def test_a_file_edited_by_hand_counts(store: PersonaStore) -> None:
    stored = store.save(Persona(name="x", system="a\u200bb", picture=PNG))
    (stored.folder / "Modelfile").write_text("SYSTEM by hand\n", "utf-8")
    (stored.folder / "persona.json").write_bytes(b"{broken")
    persona = store.load(stored.id).persona
    assert (persona.system, persona.name, persona.picture) == ("by hand", "x", PNG)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("", "_"), ("..", "_"), ("CON", "_CON"), ("a<b>c", "a b c"), (" x. ", "x"), ("nul.txt", "_nul.txt"), (".x", "x")],
)
def test_any_name_makes_a_folder(store: PersonaStore, name: str, folder: str) -> None:
    stored = store.save(Persona(name=name, system="s"))
    assert stored.id == folder
    assert stored.persona.name == name
    assert store.save(Persona(name=name)).id == f"{folder} 2"


def test_a_duplicate_is_another_persona(store: PersonaStore) -> None:
    first = store.save(Persona(name="one", system="s"), text="# note\nSYSTEM s\n")
    second = store.duplicate(first.id, "two")
    assert second.persona.name == "two"
    assert second.document == first.document
    store.delete(first.id)
    assert [one.persona.name for one in store.personas()] == ["two"]
    assert not first.folder.exists()


def test_deleting_leaves_what_people_put_there(store: PersonaStore) -> None:
    stored = store.save(Persona(name="x", picture=PNG))
    (stored.folder / "notes.txt").write_text("mine", "utf-8")
    store.delete(stored.id)
    assert [path.name for path in stored.folder.iterdir()] == ["notes.txt"]
    assert store.personas() == []


def test_a_picture_can_be_taken_away(store: PersonaStore) -> None:
    stored = store.save(Persona(name="x", picture=PNG))
    assert store.save(Persona(name="x"), stored.id).persona.picture == b""


@pytest.mark.parametrize("id", ["", "..", "../x", "nobody", "a/b"])
def test_a_missing_persona_is_named(store: PersonaStore, id: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        store.load(id)
    assert caught.value.code is Code.PERSONA_MISSING


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    store = PersonaStore(tmp_path / "file")
    assert store.personas() == []
    with pytest.raises(ModelyardError) as caught:
        store.save(Persona(name="x"))
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_json_of_a_wrong_shape_says_nothing() -> None:
    assert persona_from_json({"system": 5, "parameters": [], "messages": {"a": 1}, "licenses": "x"}) == Persona()
    assert persona_to_json(Persona()) == {}
