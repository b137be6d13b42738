"""What a screen reader sees and does, over AT-SPI, in a process of its own: run by the system's Python, which has `gi`.

One JSON request a line on standard input, one JSON answer a line on standard output:
    {"do": "seen"}                            all that shows: [{"role", "name", "text", "focusable", "value"}]
    {"do": "hears", "words": W}               somewhere in a name or a text: true or false
    {"do": "press", "name": N}                the first action of the pressable thing of that name: true or false
    {"do": "write", "name": N, "text": T}     puts text into the field of that name: true or false
With --restless it answers nothing but reads everything again and again, without a pause, until it is ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

_MOST = 4000


def things(of: Any) -> Iterator[Any]:
    """All that shows, in reading order. What vanishes while we look is left out."""
    try:
        states = of.get_state_set()
        top = of.get_role() in (Atspi.Role.APPLICATION, Atspi.Role.DESKTOP_FRAME)
        if not top and not states.contains(Atspi.StateType.SHOWING):
            return
        yield of
        for number in range(of.get_child_count()):
            child = of.get_child_at_index(number)
            if child is not None:
                yield from things(child)
    except GLib.Error:
        return


def on_screen(program: str) -> Iterator[Any]:
    desktop = Atspi.get_desktop(0)
    for number in range(desktop.get_child_count()):
        running = desktop.get_child_at_index(number)
        if running is not None and running.get_name() == program:
            yield from things(running)


def told(thing: Any) -> dict[str, Any]:
    states, value = thing.get_state_set(), thing.get_value_iface()
    return {
        "role": thing.get_role_name(),
        "name": name_of(thing),
        "text": text_of(thing),
        "focusable": states.contains(Atspi.StateType.FOCUSABLE),
        "value": Atspi.Value.get_current_value(value) if value else None,
    }


def hears(program: str, words: str) -> bool:
    return any(words in name_of(each) or words in text_of(each) for each in on_screen(program))


def name_of(thing: Any) -> str:
    try:
        return thing.get_name() or ""
    except GLib.Error:
        return ""  # it went away while we looked


def text_of(thing: Any) -> str:
    try:
        text = thing.get_text_iface()
        return Atspi.Text.get_text(text, 0, min(_MOST, Atspi.Text.get_character_count(text))) if text else ""
    except GLib.Error:
        return ""


def press(program: str, name: str) -> bool:
    for each in on_screen(program):
        if name_of(each) == name and each.get_state_set().contains(Atspi.StateType.SENSITIVE):
            actions = each.get_action_iface()
            for number in range(Atspi.Action.get_n_actions(actions) if actions else 0):
                if Atspi.Action.get_action_name(actions, number) in ("Press", "Toggle", "press", "toggle"):
                    return bool(Atspi.Action.do_action(actions, number))
    return False


def write(program: str, name: str, text: str) -> bool:
    for each in on_screen(program):
        if name_of(each) == name and each.get_editable_text_iface():
            return bool(Atspi.EditableText.set_text_contents(each.get_editable_text_iface(), text))
    return False


def main(program: str) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answer: Any = None
        try:
            match asked["do"]:
                case "seen":
                    answer = [told(each) for each in on_screen(program)]
                case "hears":
                    answer = hears(program, asked["words"])
                case "press":
                    answer = press(program, asked["name"])
                case "write":
                    answer = write(program, asked["name"], asked["text"])
        except GLib.Error:
            answer = [] if asked["do"] == "seen" else False  # it went away in the middle: the asker asks again
        print(json.dumps(answer), flush=True)


def read_on(program: str) -> None:
    while True:
        try:
            for each in on_screen(program):
                told(each)
        except GLib.Error:
            continue


if __name__ == "__main__":
    (read_on if "--restless" in sys.argv else main)(sys.argv[1])
