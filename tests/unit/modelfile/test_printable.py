"""The table of dropped characters."""

from __future__ import annotations

import unicodedata

import pytest

from modelyard.modelfile.decode import decode
from modelyard.modelfile.printable import clean, dropped


def test_agrees_with_unicode_wherever_this_python_knows_the_character() -> None:
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cn" or character in "\t\n\r":
            continue  # unassigned here may be assigned in Unicode 15
        wanted = character if category[0] in "LMNPS" or character == " " else ""
        if unicodedata.unidata_version <= "15.0.0" or not wanted:
            assert clean(character) == wanted, hex(code)


@pytest.mark.parametrize(
    ("code", "kept"),
    [(0x1E030, True), (0x1FAE8, True), (0x31350, True), (0x2EBF0, False), (0x1FAE9, False), (0x10FFFF, False)],
)
def test_knows_unicode_15_and_no_later_one(code: int, kept: bool) -> None:
    assert bool(clean(chr(code))) is kept


def test_counts_what_would_be_lost() -> None:
    assert dropped("a\u200bb\u200b\u3000\n\t") == {"\u200b": 2, "\u3000": 1}
    assert dropped("plain \x07") == {"\x07": 1}
    assert not dropped("plain text\r\n❤️")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff\xfea\x00\x00", "a\ufffd"),
        (b"\xff\xfe\x00\xd8a\x00", "\ufffda"),
        (b"a\xe4\xbdb", "a\ufffdb"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
    ],
)
def test_bad_bytes_become_replacement_characters(data: bytes, text: str) -> None:
    assert decode(data) == text
