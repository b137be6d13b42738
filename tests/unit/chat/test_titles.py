"""Titles from the first exchange."""

from __future__ import annotations

import pytest

from modelyard.chat.titles import title_from


@pytest.mark.parametrize(
    ("question", "answer", "title"),
    [
        ("What is a transformer? Explain.", "", "What is a transformer?"),
        ("请介绍一下北京的历史。谢谢", "", "请介绍一下北京的历史"),
        ("## **Fix** `this`\nplease", "", "Fix this"),
        ("```python\nprint(1)\n```\nWhy does this print one", "", "Why does this print one"),
        ("See [the page](https://example.org/x) now", "", "See the page now"),
        ("Hi", "Hello there, how are you?", "Hello there, how are you?"),
        ("你好", "你好！有什么可以帮你的吗", "你好"),
        ("Hi", "", "Hi"),
        ("", "An answer without a question", "An answer without a question"),
        ("", "", ""),
        ("!!! ???", "", ""),
        ("Tell me about version 3.11 of Python", "", "Tell me about version 3.11 of Python"),
        ("one\u202etwo\x1b[31m three four", "", "onetwo[31m three four"),
    ],
)
def test_titles(question: str, answer: str, title: str) -> None:
    assert title_from(question, answer) == title


def test_long_titles_are_cut_at_a_word() -> None:
    assert title_from("word " * 50) == "word word word word word word word word…"
    assert title_from("x" * 200) == "x" * 43 + "…"
    assert title_from("汉" * 200) == "汉" * 21 + "…"


def test_strange_texts_are_quick() -> None:
    for text in ("[" * 100_000, "`" * 100_000, "```" * 50_000, "[](" * 50_000, "\n" * 100_000, "é" * 9, "1." * 9999):
        assert len(title_from(text, text)) <= 44
