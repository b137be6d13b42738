"""The tree: branches by editing and answering again, switching between them, pages of a long path."""

from __future__ import annotations

import pytest

from modelyard.chat.store import ChatStore
from modelyard.chat.values import NewAttachment, Role, State, Stats
from modelyard.errors import Code, ModelyardError


def exchange(store: ChatStore, conversation: int, question: str, answer: str) -> tuple[int, int]:
    asked = store.messages.add(conversation, Role.USER, question)
    return asked.id, store.messages.add(conversation, Role.ASSISTANT, answer).id


def shown(store: ChatStore, conversation: int) -> list[str]:
    return [message.content for message in store.messages.path(conversation)]


def test_what_a_message_keeps(store: ChatStore) -> None:
    number = store.conversations.create().id
    stats = Stats("stop", 10, 20, 0.5, 0.25, 1.5, 33.5, 4096)
    made = store.messages.add(
        number,
        Role.ASSISTANT,
        "text\0 with \ud800 oddities",
        thinking="hm",
        engine="ollama",
        model="m:latest",
        options={"temperature": 0.1, "stop": ("x",)},
        stats=stats,
        attachments=[NewAttachment("图.png", "image/png", b"\0\1", "")],
    )
    assert store.messages.get(made.id) == made
    assert made.content == "text\ufffd with ? oddities"
    assert (made.thinking, made.engine, made.model, made.stats) == ("hm", "ollama", "m:latest", stats)
    assert made.options == {"temperature": 0.1, "stop": ("x",)}
    assert made.attachments[0].name == "图.png" and made.attachments[0].size == 2
    assert (made.depth, made.parent, made.siblings, made.state) == (0, None, (made.id,), State.DONE)


def test_editing_makes_a_branch(store: ChatStore) -> None:
    number = store.conversations.create().id
    first, _ = exchange(store, number, "q1", "a1")
    second, _ = exchange(store, number, "q2", "a2")
    edited = store.messages.edit(second, "q2 better")
    assert edited.siblings == (second, edited.id)
    assert shown(store, number) == ["q1", "a1", "q2 better"]
    store.messages.add(number, Role.ASSISTANT, "a2 better")
    store.messages.switch(second)
    assert shown(store, number) == ["q1", "a1", "q2", "a2"]
    store.messages.switch(edited.id)
    assert shown(store, number) == ["q1", "a1", "q2 better", "a2 better"]
    other = store.messages.edit(first, "another beginning")
    assert shown(store, number) == ["another beginning"] and other.siblings == (first, other.id)
    store.messages.switch(first)
    assert shown(store, number) == ["q1", "a1", "q2 better", "a2 better"]


def test_editing_keeps_attachments(store: ChatStore) -> None:
    number = store.conversations.create().id
    files = [NewAttachment(name, "text/plain", name.encode()) for name in ("a", "b")]
    made = store.messages.add(number, Role.USER, "q", attachments=files)
    assert [one.name for one in store.messages.edit(made.id, "q2").attachments] == ["a", "b"]
    only_b = store.messages.edit(made.id, "q3", keep=[made.attachments[1].id], more=[NewAttachment("c", "x/y", b"c")])
    assert [one.name for one in only_b.attachments] == ["b", "c"]
    assert [store.messages.attachment_data(one.id) for one in only_b.attachments] == [b"b", b"c"]


def test_answering_again(store: ChatStore) -> None:
    number = store.conversations.create().id
    asked, answered = exchange(store, number, "q", "a")
    again = store.begin_answer(number, parent=asked)
    again.add("b")
    assert again.finish().siblings == (answered, again.message.id)
    assert shown(store, number) == ["q", "b"]


def test_deleting_a_branch(store: ChatStore) -> None:
    number = store.conversations.create().id
    first, answer = exchange(store, number, "q", "a")
    exchange(store, number, "q2", "a2")
    other = store.begin_answer(number, parent=first)
    other.add("b")
    other.finish()
    store.messages.delete(answer)  # not shown
    assert shown(store, number) == ["q", "b"] and store.messages.get(other.message.id).siblings == (other.message.id,)
    store.messages.delete(other.message.id)
    assert shown(store, number) == ["q"]
    store.messages.delete(first)
    assert shown(store, number) == [] and store.conversations.get(number).messages == 0
    third, _ = exchange(store, number, "new", "life")
    edited = store.messages.edit(third, "newer")
    store.messages.delete(edited.id)
    assert shown(store, number) == ["new", "life"]


def test_pages_of_a_long_path(store: ChatStore) -> None:
    number = store.conversations.create().id
    with store.writing():
        for place in range(500):
            store.messages.add(number, Role.USER, str(place))
    page = store.messages.tail(number, 60)
    assert (page.first, page.total, page.messages[0].content, page.messages[-1].content) == (440, 500, "440", "499")
    contents = [message.content for message in page.messages]
    while page.first:
        page = store.messages.older(page.messages[0].id, 60)
        contents = [message.content for message in page.messages] + contents
    assert contents == [str(place) for place in range(500)]
    assert store.messages.older(store.messages.tail(number, 500).messages[0].id).messages == ()
    window = store.messages.window(number, 100, 10)
    assert [message.content for message in window.messages] == [str(place) for place in range(100, 110)]
    assert (window.first, window.total) == (100, 500)
    assert store.messages.window(number, 495, 60).messages[-1].content == "499"
    assert store.messages.window(number, 9999, 60).messages == ()
    assert len(store.messages.path(number, until=window.messages[0].id)) == 101


def test_an_empty_conversation(store: ChatStore) -> None:
    number = store.conversations.create().id
    assert store.messages.tail(number).total == 0 and store.messages.path(number) == ()
    assert store.messages.window(number, 0, 10).messages == ()


def test_what_is_gone(store: ChatStore) -> None:
    one, two = store.conversations.create().id, store.conversations.create().id
    message = store.messages.add(one, Role.USER, "x").id
    for call in (
        lambda: store.messages.add(99, Role.USER, "x"),
        lambda: store.messages.add(two, Role.USER, "x", parent=message),
        lambda: store.messages.edit(99, "x"),
        lambda: store.messages.switch(99),
        lambda: store.messages.tail(99),
        lambda: store.messages.older(99),
        lambda: store.messages.delete(99),
        lambda: store.messages.path(one, until=99),
        lambda: store.messages.attachment_data(99),
    ):
        with pytest.raises(ModelyardError) as caught:
            call()
        assert caught.value.code is Code.CHAT_MISSING


def test_too_large_an_attachment(store: ChatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.chat.attachments.MAX_ATTACHMENT_BYTES", 10)
    number = store.conversations.create().id
    with pytest.raises(ModelyardError) as caught:
        store.messages.add(number, Role.USER, "x", attachments=[NewAttachment("big", "a/b", b"x" * 11)])
    assert caught.value.code is Code.CHAT_ATTACHMENT_TOO_LARGE
    assert shown(store, number) == []
