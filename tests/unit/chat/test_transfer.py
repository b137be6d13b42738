"""Export and import: nothing lost in JSON, no text lost in Markdown, other programs' files, hostile ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.chat import transfer, transfer_markdown
from modelyard.chat.store import ChatStore
from modelyard.chat.transfer_values import ConversationRecord, MessageRecord
from modelyard.chat.values import NewAttachment, Role, State, Stats
from modelyard.errors import Code, ModelyardError

LABELS = {"user": "我", "assistant": "Assistant", "system": "System"}


def rich(store: ChatStore) -> int:
    number = store.conversations.create(title="标题", model="m", system="Be\nbrief.", options={"seed": 1}).id
    first = store.messages.add(
        number, Role.USER, "q", attachments=[NewAttachment("p.png", "image/png", b"\0\xff", "t")]
    )
    answer = store.begin_answer(number, model="m", options={"stop": ("a",)})
    answer.add("a\n\n## User\n\n```\ncode\n```\n", thinking="deep\n\n> quoted\nthought")
    answer.finish(State.STOPPED, Stats("cancelled", 1, 2))
    store.messages.edit(first.id, "q2")
    store.messages.add(number, Role.ASSISTANT, "a2")
    return number


def test_json_keeps_everything(store: ChatStore, tmp_path: Path) -> None:
    record = transfer.collect(store, rich(store))
    file = tmp_path / "c.json"
    file.write_text(transfer.write_json(record), encoding="utf-8")
    read = transfer.read_file(file)
    assert read == record
    again = transfer.insert(store, read)
    assert transfer.collect(store, again.id).messages == record.messages
    assert [message.content for message in store.messages.path(again.id)] == ["q2", "a2"]
    assert (again.title, again.system, again.options) == ("标题", "Be\nbrief.", {"seed": 1})


def test_markdown_of_the_shown_branch(store: ChatStore, tmp_path: Path) -> None:
    number = rich(store)
    store.messages.switch(store.messages.path(number)[0].siblings[0])
    record = transfer.collect(store, number, branches=False)
    text = transfer.write_markdown(record, LABELS)
    assert text.startswith("# 标题\n") and "## 我\n" in text and "*p.png*" in text and "> deep" in text
    file = tmp_path / "c.md"
    file.write_text(text, encoding="utf-8")
    read = transfer.read_file(file)
    assert (read.title, read.system) == ("标题", "Be\nbrief.")
    assert [(m.role, m.content, m.thinking) for m in read.messages] == [
        (m.role, m.content, m.thinking) for m in record.messages
    ]
    assert [m.created for m in read.messages] == [m.created for m in record.messages]


@settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Role.USER, Role.ASSISTANT]),
            st.lists(
                st.sampled_from(
                    ["", "x", "## User", "<!-- modelyard text -->", "\\<!-- modelyard message -->", "> a", " "]
                )
            ).map("\n".join),
            st.sampled_from(["", "t", "a\n\n> b\n", "<!-- modelyard text -->"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_markdown_loses_no_text(messages: list[tuple[Role, str, str]]) -> None:
    records = tuple(
        MessageRecord(number - 1 if number else None, role, content, thinking)
        for number, (role, content, thinking) in enumerate(messages)
    )
    record = ConversationRecord("T", records, len(records) - 1)
    assert transfer_markdown.read(transfer_markdown.write(record, LABELS)) == record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Chat\n\n## User\nhi\n\n## Assistant\nhello\n\nmore", [("user", "hi"), ("assistant", "hello\n\nmore")]),
        ("**You:**\nhi\n**AI**:\nhello", [("user", "hi"), ("assistant", "hello")]),
        ("### 用户：\n你好\n### 助手\n在", [("user", "你好"), ("assistant", "在")]),
        ('[{"role": "user", "content": "hi"}]', [("user", "hi")]),
        (
            '{"messages": [{"role": "System", "content": "s"},'
            ' {"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]}',
            [("system", "s"), ("user", "a\n\nb")],
        ),
    ],
)
def test_files_of_other_programs(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    file = tmp_path / "文件"
    file.write_text("\ufeff" + text, encoding="utf-8")
    read = transfer.read_file(file)
    assert [(message.role.value, message.content) for message in read.messages] == expected


GOOD = {"format": "modelyard-conversation", "version": 1, "title": "t"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just a text without headings",
        "{",
        "{}",
        "[]",
        "[1]",
        '{"messages": {}}',
        '{"messages": [{"role": "tool", "content": "x"}]}',
        "[" * 100_000,
        '{"a":' * 50_000,
        json.dumps({**GOOD, "version": 2, "messages": [{"role": "user", "content": ""}]}),
        json.dumps({**GOOD, "messages": [{"role": "user", "content": "", "parent": 0}]}),
        json.dumps({**GOOD, "messages": [{"role": "user", "content": "", "parent": -1}]}),
        json.dumps({**GOOD, "messages": [{"role": "user", "content": "", "parent": "x"}]}),
        json.dumps({**GOOD, "messages": [{"role": "user", "content": "", "attachments": [{"data": "%"}]}]}),
        "<!-- modelyard message {broken} -->",
        "<!-- modelyard text -->\n\nx",
    ],
)
def test_files_that_are_no_conversation(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ModelyardError) as caught:
        transfer.read_file(file)
    assert caught.value.code is Code.CHAT_IMPORT_INVALID


def test_odd_values_are_left_out(store: ChatStore, tmp_path: Path) -> None:
    entry = {
        "role": "user",
        "content": "a\ud800\0",
        "created": "yesterday",
        "state": "streaming",
        "stats": [1],
        "options": {"a": {"b": 1}, "c": [1, 2]},
        "model": 7,
    }
    file = tmp_path / "x"
    file.write_text(json.dumps({**GOOD, "messages": [entry], "active": 99, "created": float("nan")}), encoding="utf-8")
    made = transfer.insert(store, transfer.read_file(file))
    (message,) = store.messages.path(made.id)
    assert (message.content, message.state, message.stats, message.options, message.model) == (
        "a?\ufffd",
        State.INTERRUPTED,
        None,
        {"c": ("1", "2")},
        "",
    )


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelyardError) as caught:
        transfer.read_file(tmp_path / "no")
    assert caught.value.code is Code.FILE_MISSING
    with pytest.raises(ModelyardError) as caught:
        transfer.read_file(tmp_path)
    assert caught.value.code is Code.FILE_UNREADABLE
    monkeypatch.setattr(transfer, "MAX_FILE_BYTES", 10)
    (tmp_path / "big").write_text("x" * 11)
    with pytest.raises(ModelyardError) as caught:
        transfer.read_file(tmp_path / "big")
    assert caught.value.code is Code.CHAT_IMPORT_INVALID
