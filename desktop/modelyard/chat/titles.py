"""A title for a conversation from its first exchange, without asking a model."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 44  # columns; a Chinese character takes two
_SHORTEST = 8  # a shorter question ("Hi!") says too little: the answer is asked too

_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.S)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_MARKUP = re.compile(r"^[\s>#*+|\-–—=]+|^\d+[.)]\s+|[*`]+|__", re.M)
_SENTENCE_END = re.compile(r"(?<=[。！？!?])|(?<=\.)\s|\n")


def title_from(question: str, answer: str = "") -> str:
    """The first sentence of the question, shortened at a word; of the answer if the question is very short. "" if
    neither has text."""
    asked = _first_sentence(question)
    if _columns(asked) >= _SHORTEST:
        return _shorten(asked)
    answered = _first_sentence(answer)
    return _shorten(answered if _columns(answered) >= _SHORTEST else asked or answered)


def _first_sentence(text: str) -> str:
    text = _FENCE.sub("\n", text[:4000])
    text = _MARKUP.sub("", _LINK.sub(r"\1", text))
    for part in _SENTENCE_END.split(text):
        words = " ".join("".join(_printable(part)).split())
        if any(character.isalnum() for character in words):
            return words.rstrip(".。:：;；,，")
    return ""


def _printable(text: str) -> list[str]:
    """Without control and direction characters, which would garble a list of titles."""
    return [" " if c in "\t\r\n" else c for c in text if c in "\t\r\n" or unicodedata.category(c)[0] != "C"]


def _shorten(text: str) -> str:
    if _columns(text) <= LONGEST:
        return text
    kept = ""
    width = 0
    for character in text:
        width += _columns(character)
        if width > LONGEST - 1:
            break
        kept += character
    at_word = kept.rsplit(" ", 1)[0] if " " in kept and text[len(kept)].isalnum() else kept
    return (at_word if len(at_word) > len(kept) // 2 else kept).rstrip(" ,，、;；:：") + "…"


def _columns(text: str) -> int:
    """Width in columns of a terminal: wide characters count two, marks that stand on others none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
