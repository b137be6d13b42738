"""Every code has its words in every language, with the same placeholders, and they are filled in safely."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import Action, Code, ModelyardError
from modelyard.host.folders import resources_folder
from modelyard.words.catalogue import LANGUAGES, Catalogue, missing

FOLDER = resources_folder() / "words"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def tables(language: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        for table, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for key, entry in entries.items():
                assert key not in merged.setdefault(table, {}), f"{table}.{key} stands twice ({path.name})"
                merged[table][key] = entry
    return merged


def leaves(tree: Any, path: str = "") -> dict[str, str]:
    if isinstance(tree, dict):
        found: dict[str, str] = {}
        for key, value in tree.items():
            found |= leaves(value, f"{path}.{key}" if path else key)
        return found
    return {path: str(tree)}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_code_has_its_words(language: str) -> None:
    lacking = {code.value: parts for code in Code if (parts := missing(code, language))}
    assert not lacking, f"no words in {language}: {lacking}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_has_a_label(language: str) -> None:
    labels = tables(language)["actions"]
    assert {action.value for action in Action} == set(labels)


def test_both_languages_say_the_same_things() -> None:
    english, chinese = leaves(tables("en")), leaves(tables("zh_CN"))
    assert set(english) == set(chinese)
    differing = {key for key in english if placeholders(english[key]) != placeholders(chinese[key])}
    assert not differing, f"different placeholders: {differing}"
    untranslated = [key for key, text in chinese.items() if len(text) > 16 and not CHINESE.search(text)]
    assert not untranslated, f"not translated: {untranslated}"


def test_no_words_for_codes_that_do_not_exist() -> None:
    assert set(tables("en")["errors"]) == {code.value for code in Code}


def test_fields_are_filled_in_and_nothing_else_is_looked_at() -> None:
    error = ModelyardError(Code.DISK_FULL, folder="D:\\Modelle {0.__class__}", need_bytes=4_700_000_000, free_bytes=12)
    text = Catalogue("en").error(error)
    assert "4.7 GB" in text.reason and "12 B" in text.reason
    assert "{0.__class__}" in text.reason, "a field is text, never a template"
    assert text.action is Action.FREE_SPACE and text.action_label == "Free up space"


def test_a_missing_field_leaves_a_gap_not_an_error() -> None:
    assert Catalogue("zh_CN").error(ModelyardError(Code.FILE_MISSING)).title


def test_a_word_that_is_not_known_leaves_no_gap() -> None:
    for base_model, expected in ((None, "the original model and"), ("org/base", "the original model org/base and")):
        error = ModelyardError(Code.TOKENIZER_MISSING, name="tokenizer.json", base_model=base_model)
        assert expected in Catalogue("en").error(error).reason


def test_an_unknown_language_falls_back_to_english() -> None:
    assert Catalogue("fr").language == "en"


def test_resources_are_found() -> None:
    assert isinstance(FOLDER, Path) and (FOLDER / "en" / "general.toml").exists()
