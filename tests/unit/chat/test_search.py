"""Search in English and Chinese, long words and single characters."""

from __future__ import annotations

import pytest

from modelyard.chat.search import words_of
from modelyard.chat.store import ChatStore
from modelyard.chat.values import Role

TEXTS = {
    "english": "Reinforcement learning is about rewards.",
    "chinese": "强化学习是机器学习的一个分支，你好吗",
    "mixed": "用 Python 写 100% 的 snake_case 代码 AI",
    "accents": "Éclair à la crème — STRASSE",
    "quotes": 'He said "hello world" to the *OR* NEAR(x) AND NOT',
    "lines": "first line\nsecond line\tend",
}


@pytest.fixture
def full(store: ChatStore) -> ChatStore:
    number = store.conversations.create(title="T").id
    for text in TEXTS.values():
        store.messages.add(number, Role.USER, text)
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("reinforcement", ["english"]),
        ("FORCE rewards", ["english"]),
        ("强化学习", ["chinese"]),
        ("学习", ["chinese"]),
        ("习", ["chinese"]),
        ("好吗", ["chinese"]),  # at the end of the text
        ("吗", ["chinese"]),
        ("AI", ["mixed", "accents", "quotes"]),
        ("ai", ["mixed", "accents", "quotes"]),
        ("i", ["mixed", "english", "accents", "quotes", "lines"]),
        ("的", ["chinese", "mixed"]),
        ("的 100%", ["mixed"]),
        ("%", ["mixed"]),
        ("_", ["mixed"]),
        ("snake_case", ["mixed"]),
        ("éclair", ["accents"]),
        ("strasse", ["accents"]),
        ('"hello world"', ["quotes"]),
        ('"world hello"', []),
        ("world hello", ["quotes"]),
        ("line second", ["lines"]),
        ("NOT near(x)", ["quotes"]),
        ("*", ["quotes"]),
        ('"', []),
        ("", []),
        ("   ", []),
        ("nowhere", []),
        ("强 nowhere", []),
        ("\0", []),
        ("a" * 5000, []),
    ],
)
def test_queries(full: ChatStore, query: str, expected: list[str]) -> None:
    names = {message.content: name for name, message in zip(TEXTS, full.messages.path(1), strict=True)}
    hits = full.search(query)
    found = {names[full.messages.get(hit.message).content] for hit in hits}
    assert found == set(expected)
    assert [hit.message for hit in hits] == sorted((hit.message for hit in hits), reverse=True)
    for hit in hits:
        assert any(hit.snippet[hit.start : hit.end].lower() == word.lower() for word in words_of(query))


def test_snippet_of_a_long_text(store: ChatStore) -> None:
    number = store.conversations.create(title="T").id
    store.messages.add(number, Role.USER, "x\n" * 500 + "needle" + " y" * 500)
    (hit,) = store.search("needle")
    assert hit.snippet.startswith("…x x") and hit.snippet.endswith("…") and "\n" not in hit.snippet
    assert (hit.title, hit.snippet[hit.start : hit.end]) == ("T", "needle")


def test_limit_and_one_conversation(store: ChatStore) -> None:
    one, two = store.conversations.create().id, store.conversations.create().id
    for number in (one, two) * 120:
        store.messages.add(number, Role.USER, "same text")
    assert len(store.search("same", limit=7)) == 7
    assert len(store.search("same", limit=1000)) == 240
    assert {hit.conversation for hit in store.search("sa", limit=1000, conversation=two)} == {two}


def test_a_character_that_begins_very_many_trigrams(store: ChatStore) -> None:
    """Beyond 300 of them the index is left aside."""
    number = store.conversations.create().id
    with store.writing():
        for place in range(400):
            store.messages.add(number, Role.USER, f"是{chr(0x4E00 + place)}{chr(0x5E00 + place)}")
    assert len(store.search("是", limit=1000)) == 400
    assert len(store.search("是 " + chr(0x5E00 + 7), limit=1000)) == 1


def test_edited_and_deleted_texts(store: ChatStore) -> None:
    number = store.conversations.create().id
    made = store.messages.add(number, Role.USER, "old words")
    edited = store.messages.edit(made.id, "new words")
    assert [hit.message for hit in store.search("words")] == [edited.id, made.id]
    store.messages.delete(edited.id)
    assert [hit.message for hit in store.search("words")] == [made.id]
    assert store.search("new") == []


def test_opening_a_hit_of_another_branch(store: ChatStore) -> None:
    number = store.conversations.create().id
    first = store.messages.add(number, Role.USER, "the old question").id
    store.messages.add(number, Role.ASSISTANT, "deep answer")
    store.messages.edit(first, "the new question")
    (hit,) = store.search("deep")
    leaf = store.messages.switch(hit.message)
    assert leaf == hit.message and store.messages.path(number)[0].id == first
