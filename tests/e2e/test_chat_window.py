"""The chat on a real screen with real keys and a real model: ask, stop, edit, once more, branch, search, export,
restart, and what is left after a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from .program import calm, run, sample_gguf
from .screen import Screen, screen, wait_until

pytestmark = [pytest.mark.screen, pytest.mark.timeout(600)]
_START = ("-m", "modelyard", "--data-dir")


def prepared(data: Path) -> None:
    """The sample model is in the built-in engine, the window has been welcomed."""
    done = run("import", str(sample_gguf()), "--yes", "--json", data=data)
    assert done.status == 0, done.errors
    calm(data)
    (data / "settings.json").write_text('{"welcomed": true, "language": "en"}', encoding="utf-8")


def rows(data: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{data / 'chats.sqlite3'}?mode=ro", uri=True) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def messages(data: Path) -> list[tuple[str, str, str]]:
    """(role, state, content) in the order they were made."""
    if not (data / "chats.sqlite3").exists():
        return []
    return [(str(a), str(b), str(c)) for a, b, c in rows(data, "SELECT role, state, content FROM message ORDER BY id")]


def close(on: Screen, process: subprocess.Popen[bytes]) -> None:
    on.press("ctrl+q")
    wait_until(lambda: process.poll() is not None, "the program's end", 20)
    assert process.returncode == 0


def say(on: Screen, text: str) -> None:
    on.press("ctrl+l")
    on.write(text)
    on.press("Return")


def states(data: Path) -> list[str]:
    return [state for role, state, _text in messages(data) if role == "assistant"]


def wait_rest(data: Path, *expected: str) -> None:
    """So many answers, all at rest, each ended like this."""
    count = len(expected)
    wait_until(lambda: len(states(data)) == count and "streaming" not in states(data), f"answer {count}", 120)
    assert tuple(states(data)) == expected
    assert messages(data)[-1][2].strip()


def test_a_day_of_talking(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    prepared(data)
    with screen(tmp_path) as on:
        with on.program(*_START, str(data)) as program:
            on.window("Modelyard")
            time.sleep(2)
            say(on, "What is the capital of France?")
            wait_rest(data, "done")

            say(on, "Write a very long story about a dragon.")
            wait_until(lambda: any(len(text) > 40 for role, _s, text in messages(data)[3:]), "a long answer that grows")
            on.press("Escape")
            wait_rest(data, "done", "stopped")

            on.press("ctrl+r")  # once more
            wait_until(lambda: len(states(data)) == 3 and messages(data)[-1][2].strip(), "another answer")
            on.press("Escape")
            wait_rest(data, "done", "stopped", "stopped")

            on.press("ctrl+Up")  # ask the last question differently
            time.sleep(0.5)
            on.press("ctrl+a")
            on.write("Say hello.")
            on.press("ctrl+Return")
            wait_rest(data, "done", "stopped", "stopped", "done")
            questions = [text for role, _s, text in messages(data) if role == "user"]
            assert questions == [
                "What is the capital of France?",
                "Write a very long story about a dragon.",
                "Say hello.",
            ]
            branch = rows(data, "SELECT active_leaf FROM conversation")
            assert branch == rows(data, "SELECT max(id) FROM message")

            on.press("ctrl+n")
            say(on, "Tell me about zebras in one sentence.")
            wait_rest(data, "done", "stopped", "stopped", "done", "done")
            on.press("ctrl+f")
            on.write("dragon")
            time.sleep(1.5)
            on.press("Tab", "Down", "Return")  # the hit: the branch that was left is shown again
            wait_until(
                lambda: rows(data, "SELECT active_leaf FROM conversation ORDER BY id LIMIT 1") != branch, "the branch"
            )

            on.press("ctrl+e")
            export = tmp_path / "exported.md"
            dialog = on.window("Export conversation")
            on.xdotool("windowfocus", dialog.id)
            on.press("ctrl+a")
            on.write(str(export))
            on.press("Return")
            wait_until(export.exists, "the exported file", 20)
            close(on, program)
        text = export.read_text(encoding="utf-8")
        assert "dragon" in text and "capital of France" in text and "Say hello" not in text
        before = messages(data)
        with on.program(*_START, str(data)) as program:
            on.window("Modelyard")
            time.sleep(2)
            on.press("ctrl+l")
            on.write("half a thought")
            wait_until(lambda: rows(data, "SELECT text FROM draft") == [("half a thought",)], "the draft")
            os.kill(program.pid, signal.SIGKILL)
        assert messages(data) == before
        assert rows(data, "SELECT text FROM draft") == [("half a thought",)]


def test_killed_while_it_answers(tmp_path: Path) -> None:
    """At most the last second of a growing answer is lost; afterwards it can go on."""
    data = tmp_path / "data"
    data.mkdir()
    prepared(data)
    with screen(tmp_path) as on:
        with on.program(*_START, str(data)) as program:
            on.window("Modelyard")
            time.sleep(2)
            say(on, "Write a very long story about a dragon and a princess.")
            wait_until(lambda: any(len(text) > 60 for role, _s, text in messages(data)[1:]), "a growing answer")
            os.kill(program.pid, signal.SIGKILL)
        kept = messages(data)[1][2]
        assert len(kept) > 60
        with on.program(*_START, str(data)) as program:
            on.window("Modelyard")
            wait_until(lambda: states(data) == ["interrupted"], "the mark of what was interrupted")
            assert messages(data)[1][2] == kept
            close(on, program)


def test_two_windows_of_words(tmp_path: Path) -> None:
    """Both languages and looks start on a real screen, with the chat as their first view."""
    data = tmp_path / "data"
    data.mkdir()
    prepared(data)
    with screen(tmp_path) as on:
        for language, look in (("zh_CN", "dark"), ("en", "light")):
            (data / "settings.json").write_text(
                json.dumps({"welcomed": True, "language": language, "look": look, "text_scale": 1.5}), encoding="utf-8"
            )
            with on.program(*_START, str(data)) as program:
                on.window("Modelyard")
                time.sleep(2)
                picture = subprocess.run(
                    ["import", "-window", "root", str(tmp_path / f"{language}.png")], env=on.environment, timeout=30
                )
                assert picture.returncode == 0
                close(on, program)
