"""Characters that would play tricks on a screen are made visible or tame: control characters, changes of writing
direction, marks piled on each other, text hidden in tag characters. Copying still gives the original."""

from __future__ import annotations

import re

_PIECE = 2_000  # characters of one paragraph of plain text; Qt lays out longer ones slowly
_MOST_MARKS = 4  # combining marks on one character; no living script needs more

_TRICKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\u2028\u2029\ufeff\u2060-\u2064\u180e"
    "\ufffc\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_PILE = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_PILE}{{{_MOST_MARKS}}}){_PILE}+")
BREAK = "\u200b"
_STEP = 16  # characters of a long word between two marks
_LONG_WORD = re.compile("[!-~\u00a1-\u02ff\u0370-\u058f]{32,}")
_SILENT = frozenset("\u200e\u200f\ufeff\u2060\u2061\u2062\u2063\u2064\u180e\u061c")


def visible(text: str) -> str:
    """The text as it is shown."""
    if text.isascii() and text.isprintable():
        return text
    return _MARKS.sub(r"\1", _TRICKS.sub(_shown, text.replace("\r\n", "\n")))


def _shown(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if character in "\u2028\u2029\r":
        return "\n"
    if character in _SILENT:
        return ""
    if number < 0x20:
        return chr(0x2400 + number)  # ␛ and its like
    if number == 0x7F:
        return "\u2421"
    if 0xE0000 <= number <= 0xE007F or 0xD800 <= number <= 0xDFFF:
        return "\ufffd"
    return f"⟨U+{number:04X}⟩"


def breakable(text: str) -> str:
    """With marks in long words (addresses, keys) where a line may end; `joined` takes them out again."""
    return _LONG_WORD.sub(
        lambda word: BREAK.join(word[0][at : at + _STEP] for at in range(0, len(word[0]), _STEP)), text
    )


def joined(text: str) -> str:
    return text.replace(BREAK, "")


def pieces(text: str, most: int = _PIECE) -> list[str]:
    """The lines of a text, long ones cut, many short ones together: paragraphs that are laid out quickly."""
    found: list[str] = []
    gathered: list[str] = []
    size = 0
    for line in text.split("\n"):
        for start in range(0, max(1, len(line)), most):
            part = line[start : start + most]
            if gathered and (size + len(part) > most or len(gathered) >= 40):
                found.append("\n".join(gathered))
                gathered, size = [], 0
            gathered.append(part)
            size += len(part) + 1
    found.append("\n".join(gathered))
    return found
