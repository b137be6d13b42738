"""The first whole journey as a person does it: drop a file, press two buttons, talk; tomorrow it is still there."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from .program import calm, sample_gguf
from .screen import Screen, screen, wait_until

pytestmark = [pytest.mark.screen, pytest.mark.timeout(240)]
_HERE = Path(__file__).parent


def jobs(data: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in (data / "jobs").glob("*.json")]


def messages(data: Path) -> list[tuple[str, str, str]]:
    """(role, state, content) in their order."""
    path = data / "chats.sqlite3"
    if not path.exists():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT role, state, content FROM message ORDER BY id").fetchall()
    except sqlite3.OperationalError:
        return []  # being made at this moment
    finally:
        connection.close()


def conversations(data: Path) -> int:
    connection = sqlite3.connect(f"file:{data / 'chats.sqlite3'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM conversation").fetchone()[0])
    finally:
        connection.close()


def answers(data: Path) -> int:
    """How many answers with text came to their end."""
    return sum(role == "assistant" and state == "done" and bool(text.strip()) for role, state, text in messages(data))


def go_next_until_a_job_runs(on: Screen, data: Path) -> None:
    """Next, and Next again, each when the page is ready for it."""

    def press() -> bool:
        if not jobs(data):
            on.press("ctrl+Return")
        return bool(jobs(data))

    wait_until(press, "an import that runs")
    wait_until(lambda: jobs(data)[0]["state"] == "done", "the import's end", 120)


def ask(on: Screen, question: str) -> None:
    """A click into the field at the bottom of the window, then real keys."""
    box = on.window(".*Modelyard")
    on.click(box, -300, -85)
    on.write(question)
    on.press("Return")


def close(on: Screen, process: object) -> None:
    on.press("ctrl+q")
    wait_until(lambda: process.poll() is not None, "the program's end", 20)  # type: ignore[attr-defined]
    assert process.returncode == 0  # type: ignore[attr-defined]


def fresh(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "settings.json").write_text('{"welcomed": true, "language": "en"}', encoding="utf-8")


def test_drop_import_chat_restart(tmp_path: Path) -> None:
    sample = sample_gguf()
    folder = tmp_path / "张庭纲"
    folder.mkdir()
    model = folder / "模型 1.gguf"
    model.write_bytes(sample.read_bytes())
    data = tmp_path / "data"
    fresh(data)
    with screen(tmp_path) as on:
        start = ("-m", "modelyard", "--data-dir", str(data))
        with on.program(*start) as program, on.program(str(_HERE / "drag_source.py"), str(model)):
            window, source = on.window("Modelyard"), on.window("DragSource")
            on.xdotool("windowmove", window.id, "300", "60")
            on.drag((source.x + 60, source.y + 40), (900, 500))
            go_next_until_a_job_runs(on, data)
            calm(data)
            on.press("Return")  # Chat now
            ask(on, "What is the capital of France?")
            wait_until(lambda: answers(data) == 1, "the answer")
            close(on, program)
        with on.program(*start) as program:
            window = on.window("Modelyard")

            def opened() -> bool:
                on.click(window, 92 + 130, 128)  # the newest conversation in the list
                return "France" in on.xdotool("getwindowname", window.id)

            wait_until(opened, "the conversation of before")
            ask(on, "And of Italy?")
            wait_until(lambda: answers(data) == 2, "the answer")
            close(on, program)
    assert conversations(data) == 1
    assert [role for role, _state, _text in messages(data)] == ["user", "assistant"] * 2
    assert model.read_bytes() == sample.read_bytes()


def test_opened_with_a_file_and_only_keys(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fresh(data)
    with screen(tmp_path) as on, on.program("-m", "modelyard", "--data-dir", str(data), str(sample_gguf())) as program:
        on.window("Modelyard")
        go_next_until_a_job_runs(on, data)
        calm(data)
        on.press("Return")
        wait_until(lambda: (on.write("Hello"), on.press("Return"), bool(messages(data)))[2], "a question")
        wait_until(lambda: answers(data) == 1, "the answer")
        close(on, program)
