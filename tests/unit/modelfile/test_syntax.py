"""The reader against what Ollama's own reader did (../shared/conformance/modelfile_cases.json)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.modelfile.printable import clean
from modelyard.modelfile.report import report
from modelyard.modelfile.scanner import scan
from modelyard.modelfile.syntax import ModelfileError, parse
from tests.shared import SHARED, shared

_CASES = SHARED / "conformance" / "modelfile_cases.json"


def _cases() -> list[Any]:
    if not _CASES.exists():
        return []
    return [pytest.param(case, id=case["id"]) for case in json.loads(_CASES.read_text("utf-8"))["cases"]]


def _input(case: dict[str, Any]) -> bytes:
    if "input_b64" in case:
        return base64.b64decode(case["input_b64"])
    if "input_repeat" in case:
        repeat = case["input_repeat"]
        return (repeat["prefix"] + repeat["char"] * repeat["count"] + repeat["suffix"]).encode()
    return str(case["input"]).encode("utf-8", "surrogatepass")


def _wanted(case: dict[str, Any]) -> dict[str, Any]:
    if "error" in case:
        return {"error": case["error"]}
    commands = []
    for command in case["commands"]:
        args = command.get("args")
        if args is None:
            args = command["args_repeat"]["char"] * command["args_repeat"]["count"]
        commands.append({"name": command["name"], "args": args})
    return {"commands": commands}


@pytest.mark.parametrize("case", _cases())
def test_reads_what_ollama_reads(case: dict[str, Any]) -> None:
    assert report(_input(case)) == _wanted(case)


@pytest.mark.parametrize("case", _cases())
def test_nothing_is_lost(case: dict[str, Any]) -> None:
    text = _input(case).decode("utf-8", "replace")
    assert "".join(node.text for node in scan(text)) == text


def test_the_cases_are_there() -> None:
    assert len(json.loads(shared("conformance/modelfile_cases.json").read_text("utf-8"))["cases"]) == 232


def test_a_line_end_after_message_is_named_like_ollama_names_it() -> None:
    assert report(b"FROM a\nMESSAGE \n") == {"error": {"kind": "unexpected_eof", "message": "unexpected EOF: "}}


def test_an_error_carries_code_and_line() -> None:
    with pytest.raises(ModelfileError) as caught:
        parse("FROM a\nMESSAGE tool x\n")
    assert caught.value.code == "modelfile_role"
    assert caught.value.fields == {"word": "tool", "line": 2}


_ALPHABET = st.sampled_from(
    [*'"\n\r\t #FROMSYSTEMfrom ax:_-.\u200b\u00a0\ufeff漢👩\x00', "\r\n", '"""', "FROM ", "SYSTEM "]
)


@given(st.lists(_ALPHABET, max_size=40).map("".join))
def test_any_text_is_read_as_the_state_machine_reads_it(text: str) -> None:
    assert report(text.encode("utf-8")) == _reference(text.removeprefix("\ufeff"))


@given(st.text(max_size=200))
def test_nodes_always_make_up_the_text(text: str) -> None:
    assert "".join(node.text for node in scan(text)) == text


def _reference(text: str) -> dict[str, Any]:
    """Ollama's state machine, one character at a time, as slow and plain as it stands in its source."""
    commands: list[dict[str, str]] = []
    state, buffer, name, role, line = "nil", "", "", "", 1

    def flush() -> bool:
        nonlocal role
        value = buffer.strip(" \t\r\n")
        if value.startswith('"""'):
            if len(value) < 6 or not value.endswith('"""'):
                return False
            value = value[3:-3]
        elif value.startswith('"'):
            if len(value) < 2 or not value.endswith('"'):
                return False
            value = value[1:-1]
        commands.append({"name": name, "args": f"{role}: {value}" if role else value})
        role = ""
        return True

    def failed(kind: str, message: str, numbered: bool = True) -> dict[str, Any]:
        where = {"line": line} if numbered else {}
        return {"error": {"kind": kind, "message": f"(line {line}): {message}" if numbered else message, **where}}

    known = ["from", "license", "template", "system", "adapter", "draft"]
    known += ["renderer", "parser", "parameter", "message", "requires"]
    words = ", ".join(f'"{word}"' for word in known[:-1]) + f', or "{known[-1]}"'
    for character in text:
        if character in "\r\n":
            line += 1
        kept = character if clean(character) and character not in "\t\r\n" else ""
        letter = character.isascii() and character.isalpha()
        if state == "nil":
            if character == "#":
                state = "comment"
            elif character not in " \t\r\n":
                state, buffer = "name", kept
        elif state == "comment":
            if character in "\r\n":
                state = "nil"
        elif state == "name":
            if letter:
                buffer += character
            elif character in " \t" and buffer.lower() in known:
                word = buffer.lower()
                state = word if word in ("parameter", "message") else "value"
                name, buffer = ("model" if word == "from" else word), ""
            else:
                return failed("invalid_command", f"command must be one of {words}")
        elif state in ("parameter", "message"):
            if letter or (state == "parameter" and (character in "0123456789_")):
                buffer += character
            elif character not in " \t":
                return failed("unexpected_eof", f"unexpected EOF: {buffer}", numbered=False)
            elif state == "parameter":
                state, name, buffer = "value", buffer, ""
            elif buffer in ("system", "user", "assistant"):
                state, role, buffer = "value", buffer, ""
            else:
                return failed("invalid_message_role", 'message role must be one of "system", "user", or "assistant"')
        elif character in "\r\n":
            if flush():
                state, buffer = "nil", ""
            else:
                buffer += character
        else:
            buffer += kept or (character if character == "\t" else "")
    if state not in ("nil", "comment") and (state != "value" or not flush()):
        return failed("unexpected_eof", "unexpected EOF", numbered=False)
    if not any(command["name"] == "model" for command in commands):
        return failed("missing_from", "no FROM line", numbered=False)
    return {"commands": commands}
