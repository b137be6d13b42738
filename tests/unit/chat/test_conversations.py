"""Conversations: made, listed, set, titled, deleted with everything they have."""

from __future__ import annotations

import pytest

from modelyard.chat.store import ChatStore
from modelyard.chat.values import NewAttachment, Role
from modelyard.errors import Code, ModelyardError


def test_settings_of_a_conversation(store: ChatStore) -> None:
    made = store.conversations.create(engine="builtin", model="m", system="Be brief.", options={"stop": ("a", "b")})
    assert (made.title, made.messages, made.active_leaf) == ("", 0, None)
    changed = store.conversations.settle(made.id, model="n", options={"temperature": 0.5, "seed": 7})
    assert (changed.engine, changed.model, changed.system) == ("builtin", "n", "Be brief.")
    assert changed.options == {"temperature": 0.5, "seed": 7}
    assert store.conversations.get(made.id) == changed and made.options == {"stop": ("a", "b")}


def test_order_of_the_list(store: ChatStore) -> None:
    one, two, three = (store.conversations.create(model=name).id for name in "abc")
    store.messages.add(one, Role.USER, "x")
    store.conversations.pin(two, True)
    assert [found.id for found in store.conversations.list()] == [two, one, three]
    assert [found.id for found in store.conversations.list(limit=1, offset=1)] == [one]
    assert store.conversations.count() == 3


def test_title_of_the_first_exchange(store: ChatStore) -> None:
    number = store.conversations.create().id
    store.messages.add(number, Role.USER, "Hi!")
    assert store.conversations.get(number).title == "Hi!"
    store.messages.add(number, Role.ASSISTANT, "Hello, I can help you with the garden. What is it?")
    assert store.conversations.get(number).title == "Hello, I can help you with the garden"
    store.messages.add(number, Role.USER, "Something else altogether, please")
    assert store.conversations.get(number).title == "Hello, I can help you with the garden"


def test_a_title_given_by_a_person_stays(store: ChatStore) -> None:
    number = store.conversations.create().id
    store.conversations.rename(number, " My own ")
    store.messages.add(number, Role.USER, "A question about trees")
    assert store.conversations.get(number).title == "My own"
    store.conversations.rename(number, "")
    store.messages.edit(store.messages.tail(number).messages[0].id, "A question about flowers")
    assert store.conversations.get(number).title == "A question about flowers"


def test_delete_takes_everything_along(store: ChatStore) -> None:
    number, other = store.conversations.create().id, store.conversations.create().id
    picture = NewAttachment("p.png", "image/png", b"picture")
    store.messages.add(number, Role.USER, "remember me", attachments=[picture])
    kept = store.messages.add(other, Role.USER, "me too", attachments=[picture]).attachments[0]
    store.drafts.attach([NewAttachment("d.txt", "text/plain", b"draft")], number)
    store.conversations.delete(number)
    store.conversations.delete(number)
    with pytest.raises(ModelyardError) as caught:
        store.conversations.get(number)
    assert caught.value.code is Code.CHAT_MISSING
    assert store.search("remember") == [] and len(store.search("me too")) == 1
    assert store.messages.attachment_data(kept.id) == b"picture"
    assert store.drafts.get(number).attachments == ()
    store.conversations.delete(other)
    with pytest.raises(ModelyardError):
        store.messages.attachment_data(kept.id)


def test_a_very_long_conversation_can_be_deleted(store: ChatStore) -> None:
    """SQLite's own cascade would stop after 1000 steps from parent to child."""
    number = store.conversations.create().id
    with store.writing():
        first = store.messages.add(number, Role.USER, "1").id
        second = store.messages.add(number, Role.USER, "2").id
        for _ in range(2500):
            store.messages.add(number, Role.USER, "x")
    store.messages.delete(second)
    assert [message.id for message in store.messages.path(number)] == [first]
    store.conversations.delete(number)
    assert store.conversations.list() == []


def test_drafts_survive(store: ChatStore) -> None:
    number = store.conversations.create().id
    store.drafts.save("for nobody yet 你好")
    store.drafts.save("first", number)
    store.drafts.save("second", number)
    draft = store.drafts.attach([NewAttachment("a.txt", "text/plain", b"abc", "abc")], number)
    assert store.drafts.get().text == "for nobody yet 你好"
    assert (draft.text, draft.attachments[0].name, draft.attachments[0].size) == ("second", "a.txt", 3)
    assert store.messages.attachment_data(draft.attachments[0].id) == b"abc"
    store.drafts.detach(draft.attachments[0].id)
    assert store.drafts.get(number).attachments == ()
    store.drafts.clear(number)
    assert store.drafts.get(number).text == ""
