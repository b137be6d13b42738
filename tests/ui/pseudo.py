"""A language nobody speaks: every text of ours two fifths longer, in brackets and with accents. What stands on a screen
without them was never given to the translators; what does not fit will not fit in German either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from modelyard.words import catalogue as words

_ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
_FIELD = re.compile(r"(\{[^{}]*\}|%n|%\d)")  # stays as it is
_LONGER = 0.4


def pseudo(text: str) -> str:
    if not re.search(r"[A-Za-z]", _FIELD.sub("", text)):
        return text
    said = "".join(part if _FIELD.fullmatch(part) else part.translate(_ACCENTS) for part in _FIELD.split(text))
    wanted = max(1, round(len(_FIELD.sub("", text)) * _LONGER))
    more = ("~" * wanted) if wanted < 6 else (" ~~~~" * (wanted // 5 + 1))[: wanted + 1].rstrip()
    return f"[{said}{more}]"


class _Pseudo(QTranslator):
    def translate(self, _context: str, text: str, _note: str | None = None, _n: int = -1) -> str:
        return pseudo(text)

    def isEmpty(self) -> bool:
        return False


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items()}
    return pseudo(value) if isinstance(value, str) else value


@contextmanager
def speaking_pseudo(app: QCoreApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both the window's texts and the catalogues of words."""
    load = words._load
    monkeypatch.setattr(words, "_load", lambda language: _told(load(language)))
    words.catalogue.cache_clear()
    translator = _Pseudo()
    app.installTranslator(translator)
    try:
        yield
    finally:
        app.removeTranslator(translator)
        words.catalogue.cache_clear()


def unspoken(text: str) -> str:
    """What of a text is outside all brackets: names and numbers, or a sentence that was forgotten."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"\[[^\[\]]*\]", " ", text)
    return text
