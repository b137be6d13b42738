"""Whole conversations: search with the place, rename, pin, export and import, long histories, attachments."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QInputDialog

from modelyard.chat.documents import read_document
from modelyard.chat.values import Conversation, Role
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.ui.chat.attaching import picture_attachment, read_picture
from modelyard.ui.chat.conversation_list import without_marks
from modelyard.ui.chat.field import attachable
from modelyard.ui.chat.transcript import MOST_WIDGETS

from .chat_pages import Chat
from .scenes import pump, wait_for
from .twins import ANSWER, MODEL


def long_conversation(chat: Chat, count: int) -> Conversation:
    store = chat.house.chats()
    with store.writing():
        head = store.conversations.create(title="Long", engine=MODEL.engine, model=MODEL.name)
        for number in range(count):
            role = Role.USER if number % 2 == 0 else Role.ASSISTANT
            store.messages.add(head.id, role, f"message **{number}** 内容")
    return store.conversations.get(head.id)


def places(chat: Chat) -> list[int]:
    return [each.message.depth for each in chat.widgets]


def test_a_long_history_is_paged_and_few_widgets_are_kept(chat: Chat) -> None:
    head = long_conversation(chat, 400)
    chat.page._open(head, 0)
    wait_for(lambda: bool(chat.widgets))
    assert places(chat)[-1] == 399 and len(chat.widgets) < 40
    bar = chat.page._transcript.verticalScrollBar()

    def up() -> bool:
        bar.setValue(bar.value() - 400)
        assert len(chat.widgets) <= MOST_WIDGETS + 30
        return places(chat)[0] <= 200

    wait_for(up, 60)
    assert places(chat) == list(range(places(chat)[0], places(chat)[-1] + 1))
    assert places(chat)[-1] < 399  # the newest left memory
    assert len(chat.session.messages) == len(chat.widgets) or chat.page._transcript._above
    pump(0.3)

    def down() -> bool:
        chat.page._transcript.follow()
        return places(chat)[-1] == 399

    wait_for(down, 60)
    assert places(chat) == list(range(places(chat)[0], 400))

    wait_for(up, 60)  # a question asked far from the end goes to the end
    chat.ask("Where are we?")
    assert places(chat)[-2:] == [400, 401] and chat.answers[-1].view.text == ANSWER


def test_a_conversation_deleted_while_it_answers(chat: Chat) -> None:
    chat.house.engine.pause, chat.house.engine.answer = 0.02, ANSWER * 20  # lasts until it is stopped
    chat.start("Tell me")
    head = chat.session.conversation
    assert head is not None
    chat.page._library.remove(head)
    chat.page._library._delete_now()
    wait_for(lambda: not chat.page._answers.busy)
    wait_for(lambda: chat.house.chats().conversations.count() == 0)
    pump(0.2)
    assert chat.page._board._panel is None and chat.widgets == []


def test_search_goes_to_the_message(chat: Chat) -> None:
    long_conversation(chat, 300)
    store = chat.house.chats()
    store.messages.add(store.conversations.list()[0].id, Role.USER, "番茄炒蛋")
    long_conversation(chat, 10)
    chat.list._search.setText("番茄")
    wait_for(lambda: chat.list.count == 1)
    item = chat.list._list.item(0)
    assert "番茄炒蛋" in item.text()
    chat.list._choose(item)
    wait_for(lambda: any("番茄" in each.message.content for each in chat.widgets))
    chat.list._search.setText("**7**")
    wait_for(lambda: chat.list.count == 2)
    chat.list._choose(chat.list._list.item(1))
    wait_for(lambda: places(chat)[:1] == [5])
    assert not chat.page._transcript.following
    chat.list._search.setText("nowhere at all")
    wait_for(lambda: chat.list._nothing.isVisible())


def test_rename_and_pin(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.ask("One")
    first = chat.session.conversation
    assert first is not None
    chat.page._begin_new()
    chat.ask("Two")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("彩虹", True))
    chat.page._library.rename(first)
    chat.page._library.pin(first)
    wait_for(lambda: chat.list._at(0).id == first.id and chat.list._at(0).title == "彩虹")


def test_export_and_import(chat: Chat, tmp_path: Path) -> None:
    chat.ask("How does a rainbow form?")
    head = chat.session.conversation
    assert head is not None
    for kind in ("markdown", "json"):
        path = tmp_path / f"导出.{kind[:4]}"
        chat.page._library.export_to(head, kind, path)
        wait_for(path.exists)
        pump(0.2)
        count = chat.house.chats().conversations.count()
        chat.page._library.load_from(path)
        wait_for(lambda count=count: chat.house.chats().conversations.count() == count + 1)
        wait_for(lambda: chat.session.number != head.id and len(chat.widgets) == 2)
        assert chat.questions[0].message.content == "How does a rainbow form?"
        chat.page._open(head, 0)
        pump(0.2)
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"a": 1}), encoding="utf-8")
    chat.page._library.load_from(bad)
    wait_for(lambda: chat.page._board._panel is not None)


def test_pictures_and_files_travel_with_the_message(chat: Chat, tmp_path: Path) -> None:
    chat.house.engine.list[0] = replace(MODEL, capabilities=("completion", "vision"))
    chat.page._models.refresh()
    wait_for(lambda: chat.session.model is not None and "vision" in chat.session.model.capabilities)
    big = QImage(5_000, 2_500, QImage.Format.Format_RGB32)
    big.fill(0x336699)
    big.save(str(tmp_path / "big.png"))
    (tmp_path / "笔记.md").write_text("# Notes\n\nbuy milk", encoding="utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("big.png", "笔记.md")])
    chat.composer.field.insertFromMimeData(data)
    wait_for(lambda: len(chat.composer.attachments) == 2)
    chat.page._begin_new()
    wait_for(lambda: len(chat.composer.attachments) == 2)  # the draft of a new conversation has them still
    chat.ask("What is this?")
    sent = chat.house.engine.requests[-1].messages[-1]
    assert "笔记.md:\n```\n# Notes\n\nbuy milk\n```" in sent.content and sent.content.endswith("What is this?")
    picture = QImage.fromData(sent.images[0])
    assert (picture.width(), picture.height()) == (1568, 784)
    assert chat.composer.attachments == ()
    assert len(chat.questions[0].message.attachments) == 2


def test_a_model_without_eyes_says_so(chat: Chat) -> None:
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(0)
    chat.page._files.take_picture(image)
    wait_for(lambda: "sees no pictures" in chat.page._notice.text)
    chat.composer.detached.emit(chat.composer.attachments[0].id)
    wait_for(lambda: not chat.composer.attachments and chat.page._notice.text == "")


def test_models_are_for_the_import_not_for_the_message() -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/x/model.gguf")])
    assert attachable(data) == []


def test_damaged_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"not a picture")
    with pytest.raises(ModelyardError) as caught:
        read_picture(tmp_path / "x.png")
    assert caught.value.code is Code.CHAT_DOCUMENT_UNREADABLE
    image = QImage(10, 10, QImage.Format.Format_ARGB32)
    image.fill(0)
    assert picture_attachment(image, "x").media_type == "image/png"


def pdf(text: str) -> bytes:
    """The smallest PDF with one line of text."""
    stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out + b"xref\n0 6\n0000000000 65535 f \n" + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    )  # fmt: skip


def test_documents(tmp_path: Path) -> None:
    good = tmp_path / "论文.pdf"
    good.write_bytes(pdf("Rainbows are bent light"))
    found = read_document(good, CancelToken())
    assert found.text == "Rainbows are bent light" and found.media_type == "application/pdf"
    for name, data, code in (
        ("empty.pdf", pdf(""), Code.CHAT_DOCUMENT_EMPTY),
        ("bad.pdf", b"%PDF-1.4\ngarbage", Code.CHAT_DOCUMENT_UNREADABLE),
        ("a.exe", b"MZ\0\0\0", Code.CHAT_DOCUMENT_KIND),
        ("a.txt", b"  ", Code.CHAT_DOCUMENT_EMPTY),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelyardError) as caught:
            read_document(tmp_path / name, CancelToken())
        assert caught.value.code is code, name
    (tmp_path / "gbk.txt").write_bytes("你好，世界".encode("gb18030"))
    assert read_document(tmp_path / "gbk.txt", CancelToken()).text == "你好，世界"
    with pytest.raises(ModelyardError) as caught:
        read_document(tmp_path / "missing", CancelToken())
    assert caught.value.code is Code.FILE_MISSING


def test_what_was_found_stands_in_sight(chat: Chat) -> None:
    """Also far from both ends, and it stays there when what stands above it is fetched."""
    head = long_conversation(chat, 120)
    found = chat.house.chats().messages.window(head.id, 60, 1).messages[0]
    chat.page._open(head, found.id)
    wait_for(lambda: any(each.message.id == found.id for each in chat.widgets))
    pump(0.2)
    widget = next(each for each in chat.widgets if each.message.id == found.id)
    place = widget.mapTo(chat.page._transcript.viewport(), widget.rect().topLeft()).y()
    assert 0 <= place < 120
    wait_for(lambda: places(chat)[0] < 50 and not chat.page._transcript._above)
    pump(0.2)
    assert widget.mapTo(chat.page._transcript.viewport(), widget.rect().topLeft()).y() == place


@pytest.mark.parametrize(
    ("snippet", "shown"),
    [
        ("is **bent** and *split* in `water`", "is bent and split in water"),
        ("def greet_friend(name): x = a_b * 2", "def greet_friend(name): x = a_b * 2"),
        ("## Title ~~old~~ C# 5 * 6", " Title old C# 5 * 6"),
        ("中文**重点**内容", "中文重点内容"),
    ],
)
def test_snippets_are_shown_without_marks(snippet: str, shown: str) -> None:
    assert without_marks(snippet) == shown
