"""Personas as a person makes them, with real mouse and keys on the built-in engine: a starter becomes a model, the
model answers with its role in mind, the role is rewritten as text, and the answers follow."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from .program import calm, run, sample_gguf
from .screen import Screen, screen, wait_until

pytestmark = [pytest.mark.screen, pytest.mark.timeout(240)]

_RAIL_CHAT, _RAIL_PERSONAS = (46, 105), (46, 250)
_FIRST_STARTER = (400, 345)
_TEXT = (850, 120)
_SHORT = "PARAMETER num_predict 16\n"
_TITLES = {"en": "Make a model of this persona", "zh_CN": "用这个角色创建模型"}
_OPENINGS = {"en": "You are Mario from Super Mario Bros.", "zh_CN": "你是《超级马力欧兄弟》"}


def prompt_tokens(data: Path) -> list[int]:
    """Of all answers that are done, in their order: how many tokens the model was given."""
    path = data / "chats.sqlite3"
    if not path.exists():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT stats FROM message WHERE role='assistant' AND state='done' ORDER BY id")
        return [int(json.loads(stats)["prompt_tokens"]) for (stats,) in rows.fetchall()]
    except sqlite3.OperationalError:
        return []  # being made at this moment
    finally:
        connection.close()


def modelfiles(data: Path) -> dict[str, str]:
    """The Modelfiles of the installed models by folder."""
    return {path.parent.name: path.read_text(encoding="utf-8") for path in (data / "models").glob("*/Modelfile")}


def made_of(data: Path, words: str) -> list[str]:
    """Folders of the models whose Modelfile has these words."""
    return [name for name, text in modelfiles(data).items() if words in text]


def rail(on: Screen, place: tuple[int, int]) -> None:
    on.click(on.window(".*Modelyard"), *place)


def ask(on: Screen, data: Path, question: str, answers: int) -> None:
    """In the conversation that begins."""
    on.click(on.window(".*Modelyard"), -300, -85)
    on.write(question)
    on.press("Return")
    wait_until(lambda: len(prompt_tokens(data)) == answers, f"answer {answers}", 90)


def write_text(on: Screen, first: str, text: str) -> None:
    """Into the Modelfile, after a key that says where."""
    on.click(on.window(".*Modelyard"), *_TEXT)
    on.press(first)
    for line in text.splitlines():
        on.write(line)
        on.press("Return")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_starter_apply_chat_edit_apply(tmp_path: Path, language: str) -> None:
    data = tmp_path / "data"
    imported = run("import", str(sample_gguf()), "--json", data=data)
    assert imported.status == 0, imported.errors
    calm(data)
    base = str(imported.last["name"])
    (data / "settings.json").write_text(json.dumps({"welcomed": True, "language": language}), encoding="utf-8")
    with screen(tmp_path) as on, on.program("-m", "modelyard", "--data-dir", str(data)) as program:
        rail(on, _RAIL_CHAT)
        ask(on, data, "Who are you?", 1)
        rail(on, _RAIL_PERSONAS)
        time.sleep(2)  # the cards come from folders and engines
        on.click(on.window(".*Modelyard"), *_FIRST_STARTER)
        time.sleep(1)
        write_text(on, "ctrl+End", _SHORT)
        on.press("ctrl+Return")
        on.window(_TITLES[language])
        on.press("Return")
        wait_until(lambda: made_of(data, _OPENINGS[language]), "the model")
        (made,) = made_of(data, _OPENINGS[language])
        assert len(modelfiles(data)) == 2, "the base stays as it is"
        wait_until((data / "personas" / "applied.json").exists, "the persona among one's own")
        time.sleep(0.5)  # the window knows a moment later
        on.press("ctrl+shift+Return")
        ask(on, data, "Who are you?", 2)
        plain, mario = prompt_tokens(data)
        assert mario > plain + 150, "the role and its examples went to the model"

        rail(on, _RAIL_PERSONAS)
        write_text(on, "ctrl+a", f"FROM {base}\nSYSTEM You are Luigi.\n{_SHORT}")
        on.press("ctrl+Return")
        wait_until(lambda: made_of(data, "You are Luigi.") == [made], "the changed model")
        assert "MESSAGE" not in modelfiles(data)[made], "what was cleared is gone"
        on.press("ctrl+shift+Return")
        ask(on, data, "Who are you?", 3)
        assert prompt_tokens(data)[2] < mario - 150, "the model was given the new role"
        on.press("ctrl+q")
        wait_until(lambda: program.poll() is not None, "the program's end", 20)
    kept = list((data / "personas").glob("*/Modelfile"))
    assert len(kept) == 1 and "You are Luigi." in kept[0].read_text(encoding="utf-8")
