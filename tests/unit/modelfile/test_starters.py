"""The starters that are shipped: complete in both languages, sound, and nothing lost on the way to any engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.host.folders import resources_folder
from modelyard.modelfile.cards.exchange import CardKind, read_card, write_card
from modelyard.modelfile.checking import check
from modelyard.modelfile.document import Document
from modelyard.modelfile.pictures import picture_name
from modelyard.modelfile.starters import Starter, starters
from modelyard.modelfile.writing import losses_of

FOLDER = resources_folder() / "personas"
LANGUAGES = ("en", "zh_CN")


def _all() -> list[Starter]:
    return [starter for language in LANGUAGES for starter in starters(FOLDER, language)]


def test_there_are_enough_and_mario_comes_first() -> None:
    for language in LANGUAGES:
        found = starters(FOLDER, language)
        assert len(found) >= 12
        assert found[0].id == "mario"
        assert "Mario" in found[0].persona.system or "马里奥" in found[0].persona.system
        assert len({starter.title for starter in found}) == len(found)


def test_every_folder_is_listed_and_whole() -> None:
    ids = (FOLDER / "order.txt").read_text("utf-8").split()
    assert sorted(ids) == sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    for id in ids:
        assert {path.name for path in (FOLDER / id).iterdir() if path.is_dir()} == set(LANGUAGES)


@pytest.mark.parametrize("starter", _all(), ids=lambda starter: f"{starter.id}-{starter.title}")
def test_a_starter_is_well_made(starter: Starter) -> None:
    persona = starter.persona
    assert starter.line
    assert len(persona.system) > 150
    assert len(persona.messages) >= 2
    assert [message.role for message in persona.messages] == ["user", "assistant"] * (len(persona.messages) // 2)
    assert "temperature" in persona.parameters
    assert losses_of(persona) == ()
    assert picture_name(persona.picture) == "picture.png"
    assert read_card(write_card(persona, CardKind.CHARACTER_PNG), "x").persona == persona


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*/Modelfile")), ids=lambda path: "-".join(path.parts[-3:-1]))
def test_a_starters_file_has_no_mistakes(path: Path) -> None:
    findings = check(Document.of("FROM any\n" + path.read_text("utf-8")))
    assert findings == ()


def test_a_missing_language_falls_back_to_english(tmp_path: Path) -> None:
    assert [one.title for one in starters(FOLDER, "fr")] == [one.title for one in starters(FOLDER, "en")]
    assert starters(tmp_path, "en") == ()
