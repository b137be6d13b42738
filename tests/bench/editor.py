"""How long the Modelfile editor takes for a key: from the key's event until it stands drawn in the window, in every
kind of text a person may bring. Prints one JSON object; times in milliseconds.

    python -m tests.bench.editor [KEYS]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QApplication

from modelyard.modelfile.persona import Persona
from modelyard.ui.app import Desktop, make_application
from modelyard.ui.personas.draft import Draft
from modelyard.ui.routes import Place
from tests.ui.twins import House

_MEGA = 1_000_000
_PROSE = "The quick brown fox jumps over the lazy dog and says hello to everybody.\n"
TEXTS = {
    "short": 'FROM small\nSYSTEM """You are Mario.\nWahoo!"""\nPARAMETER temperature 0.9\n',
    "system_5_mb": f'FROM small\nSYSTEM """{_PROSE * (5 * _MEGA // len(_PROSE))}"""\nPARAMETER seed 1\n',
    "pasted_prose_5_mb": _PROSE * (5 * _MEGA // len(_PROSE)),
    "ten_thousand_lines": "FROM small\n" + "MESSAGE user Who are you?\nMESSAGE assistant It is me!\n" * 5000,
    "right_to_left_and_emoji": "FROM small\n" + "MESSAGE user שלום עולם مرحبا بالعالم 😀👩\u200d🚀\n" * 2000,
    "chinese": 'FROM small\nSYSTEM """' + "你是马里奥，蘑菇王国快乐的水管工。\n" * 3000 + '"""\n',
}


def settle(editor: Any, seconds: float = 20.0) -> float:
    """Until everything is read. Returns the seconds it took."""
    begun = time.monotonic()
    while not editor.source.settled and time.monotonic() - begun < seconds:
        QApplication.processEvents()
        time.sleep(0.002)
    return time.monotonic() - begun


def typing(editor: Any, keys: int, pause: float) -> tuple[list[float], float]:
    """Each key in milliseconds, drawn; and the longest that the window was busy with anything between keys, when it
    works as it does for a quick typist."""
    edit = editor.text
    found, longest = [], 0.0
    letters = "abc d" if keys else ""
    for number in range(keys):
        letter = letters[number % len(letters)]
        begun = time.perf_counter()
        if number % 7 == 6:
            event = QInputMethodEvent()
            event.setCommitString("好")
            QCoreApplication.sendEvent(edit, event)
        else:
            key = Qt.Key(ord(letter.upper()))
            event_type, none = QEvent.Type.KeyPress, Qt.KeyboardModifier.NoModifier
            QCoreApplication.sendEvent(edit, QKeyEvent(event_type, key, none, letter))
        edit.viewport().repaint()
        found.append((time.perf_counter() - begun) * 1000)
        end = time.monotonic() + pause
        while time.monotonic() < end:
            begun = time.perf_counter()
            QApplication.processEvents()
            longest = max(longest, (time.perf_counter() - begun) * 1000)
            time.sleep(0.001)
    return found, longest


def figures(measured: tuple[list[float], float]) -> dict[str, float]:
    ordered = sorted(measured[0])
    return {
        "median_ms": round(ordered[len(ordered) // 2], 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        "max_ms": round(ordered[-1], 2),
        "over_16_ms": sum(each > 16 for each in ordered),
        "busy_between_ms": round(measured[1], 2),
    }


def measure(page: Any, name: str, keys: int) -> dict[str, Any]:
    editor = page.editor
    editor.open(Draft(Persona(name=name, base="small"), "FROM small\n"))
    settle(editor)
    begun = time.perf_counter()
    editor.text.selectAll()
    editor.text.insertPlainText(TEXTS[name])
    editor.text.viewport().repaint()
    pasted = (time.perf_counter() - begun) * 1000
    while_read = typing(editor, 10, 0.03)
    read = settle(editor)
    cursor = QTextCursor(editor.source.text_document)
    cursor.setPosition(len(TEXTS[name]) // 2)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
    editor.text.setTextCursor(cursor)
    QApplication.processEvents()
    times = typing(editor, keys, 0.08)
    settle(editor)
    assert editor.source.document.text == editor.source.text()
    return {
        "characters": len(TEXTS[name]),
        "paste_ms": round(pasted, 1),
        "read_seconds": round(read, 2),
        "keys_while_read": figures(while_read),
        "keys": figures(times),
    }


def main() -> None:
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    app = make_application(["modelyard"])
    with tempfile.TemporaryDirectory() as scratch:
        house = House(Path(scratch))
        house.settings.set("welcomed", True)
        desk = Desktop(app, house.services)
        desk.window.resize(1280, 860)
        desk.window.show()
        desk.window.go(Place.PERSONAS)
        page: Any = desk.window.page("personas")
        end = time.monotonic() + 10
        while not page._gallery.filled and time.monotonic() < end:
            QApplication.processEvents()
        page.edit(Draft(Persona()))
        found = {name: measure(page, name, keys) for name in TEXTS}
        page.editor.open(Draft(Persona(name="end")))
        desk.close()
        desk.window.leave()
        house.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
