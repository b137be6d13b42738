"""The file itself: schema, other processes, damage of any kind."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from modelyard.chat import schema
from modelyard.chat.store import ChatStore
from modelyard.chat.values import NewAttachment, Role
from modelyard.errors import Code, ModelyardError


def fill(path: Path, conversations: int = 12, messages: int = 20) -> None:
    with ChatStore(path) as store:
        for number in range(conversations):
            made = store.conversations.create(title=f"Conversation {number}").id
            with store.writing():
                for place in range(messages):
                    store.messages.add(made, Role.USER, f"message {number}/{place} " + "word " * 60)
        store.drafts.save("draft")
        store.messages.add(1, Role.USER, "with picture", attachments=[NewAttachment("p", "image/png", b"p" * 9000)])


def aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("chats.damaged-*.db"))


def test_everything_is_there_again(path: Path) -> None:
    fill(path)
    with ChatStore(path) as store:
        assert store.rescued is None and store.conversations.count() == 12
        assert store.conversations.get(1).messages == 21 and store.drafts.get().text == "draft"
        assert len(store.search("message 7/3", limit=99)) == 1
    assert aside(path) == []


def test_a_newer_file_is_left_alone(path: Path) -> None:
    fill(path, 1, 1)
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(ModelyardError) as caught:
        ChatStore(path)
    assert caught.value.code is Code.CHAT_STORE_NEWER
    assert path.read_bytes() == before and aside(path) == []


def test_migrations_one_after_another(tmp_path: Path) -> None:
    """A file of an older version gets the steps that it lacks; a step that fails leaves it as it was."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    steps = (
        "CREATE TABLE a (x);\n-- with a remark;\nINSERT INTO a VALUES (1);",
        "ALTER TABLE a ADD COLUMN y DEFAULT 7;",
    )
    schema.migrate(connection, steps[:1])
    assert schema.version_of(connection) == 1
    schema.migrate(connection, steps)
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 7)]
    with pytest.raises(sqlite3.Error):
        schema.migrate(connection, (*steps, "INSERT INTO a VALUES (2, 2);", "INSERT INTO missing VALUES (1);"))
    assert schema.version_of(connection) == 2
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)
    connection.close()


def test_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ModelyardError) as caught:
        ChatStore(path)
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelyardError) as caught:
        ChatStore(tmp_path / "file" / "chats.db")
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_not_a_database(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("this was never a database " * 100, encoding="utf-8")
    with ChatStore(path) as store:
        assert store.rescued is not None
        assert (store.rescued.conversations, store.rescued.messages) == (0, 0)
        store.conversations.create(title="works")
    assert [kept.read_text(encoding="utf-8")[:8] for kept in aside(path)] == ["this was"]
    with ChatStore(path) as store:
        assert store.rescued is None and store.conversations.count() == 1


def test_an_empty_file_is_a_new_store(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    with ChatStore(path) as store:
        assert store.rescued is None and store.conversations.list() == []


@pytest.mark.parametrize("seed", range(6))
def test_damaged_pages(path: Path, seed: int) -> None:
    """Noise over some pages: the file is kept as it was, much is saved, and the new store is sound."""
    fill(path, 40, 30)
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    pages = len(data) // 4096
    for page in chance.sample(range(8, pages), max(1, pages // 40)):
        data[page * 4096 : (page + 1) * 4096] = chance.randbytes(4096)
    path.write_bytes(data)
    with ChatStore(path) as store:
        if store.rescued is None:  # the noise fell on pages that are not in use
            return
        assert store.rescued.kept.read_bytes() == data
        assert store.rescued.messages == sum(c.messages for c in store.conversations.list()) > 600
        for found in store.conversations.list():
            messages = store.messages.path(found.id)
            assert [message.depth for message in messages] == list(range(len(messages)))
            for message in messages:
                assert len(store.search(f'"{message.content[:14]}"', limit=99)) >= 1
                break
            store.messages.add(found.id, Role.USER, "goes on")
    assert len(aside(path)) == 1
    leftovers = [one.name for one in path.parent.iterdir() if one.suffix in (".new", ".reading")]
    assert leftovers == []
    with ChatStore(path) as store:
        assert store.rescued is None


def test_a_file_cut_in_half(path: Path) -> None:
    fill(path, 40, 30)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with ChatStore(path) as store:
        assert store.rescued is not None and store.rescued.messages > 0
        assert store.conversations.count() == store.rescued.conversations


def test_a_damaged_search_index_is_made_anew(path: Path) -> None:
    fill(path, 2, 5)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE message_index_data SET block = x'00' WHERE id > 10")
    raw.close()
    with ChatStore(path) as store:
        assert len(store.search("message 1/3", limit=99)) == 1


def test_two_programs_at_once(path: Path) -> None:
    """The command line adds to the file while the window has it open."""
    script = (
        "import sys; from pathlib import Path; from modelyard.chat.store import ChatStore\n"
        "from modelyard.chat.values import Role\n"
        "with ChatStore(Path(sys.argv[1])) as s:\n"
        "    n = s.conversations.create(title='theirs').id\n"
        "    [s.messages.add(n, Role.USER, 'x') for _ in range(50)]\n"
    )
    with ChatStore(path) as store:
        child = subprocess.Popen([sys.executable, "-c", script, str(path)])
        number = store.conversations.create(title="ours").id
        for _ in range(50):
            store.messages.add(number, Role.USER, "x")
        assert child.wait() == 0
        assert {found.title: found.messages for found in store.conversations.list()} == {"ours": 50, "theirs": 50}


def test_a_locked_file_is_an_error_not_a_hang(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.chat.database.BUSY_SECONDS", 0.1)
    fill(path, 1, 1)
    with ChatStore(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ModelyardError) as caught:
            store.conversations.create()
        assert caught.value.code is Code.CHAT_STORE_BUSY
        other.execute("ROLLBACK")
        other.close()
        assert store.conversations.create().id


def test_a_change_that_fails_is_undone(store: ChatStore) -> None:
    number = store.conversations.create().id
    with pytest.raises(RuntimeError), store.writing():
        store.messages.add(number, Role.USER, "x")
        raise RuntimeError
    assert store.messages.path(number) == () and store.search("x") == []


def test_a_full_disk_is_told_as_such(path: Path) -> None:
    fill(path, 1, 1)
    with ChatStore(path) as store:
        pages = store._database.row("PRAGMA page_count")
        assert pages is not None
        store._database.row(f"PRAGMA max_page_count = {pages[0]}")
        with pytest.raises(ModelyardError) as caught:
            store.messages.add(1, Role.USER, "x" * 100_000)
        assert caught.value.code is Code.DISK_FULL
        assert store.conversations.get(1).messages == 2


def test_closing_twice_and_from_another_thread(path: Path) -> None:
    store = ChatStore(path)
    thread = threading.Thread(target=store.close)
    thread.start()
    thread.join()
    store.close()
    assert not path.with_name(path.name + "-wal").exists()


def test_a_file_without_its_first_page(path: Path) -> None:
    """The list of tables is gone; the tables are not."""
    fill(path, 40, 30)
    data = bytearray(path.read_bytes())
    data[:4096] = bytes(4096)
    path.write_bytes(data)
    with ChatStore(path) as store:
        assert store.rescued is not None and store.rescued.kept.read_bytes() == data
        assert (store.rescued.conversations, store.rescued.messages) == (40, 1201)
        assert store.drafts.get().text == "draft"
        assert store.messages.attachment_data(store.messages.tail(1).messages[-1].attachments[0].id) == b"p" * 9000
    assert {one.name for one in path.parent.iterdir()} == {path.name, store.rescued.kept.name}


@pytest.mark.parametrize("seed", range(8))
def test_single_wrong_bytes(path: Path, seed: int) -> None:
    fill(path, 40, 30)
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(200):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    with ChatStore(path) as store:
        for found in store.conversations.list():
            store.messages.path(found.id)
            added = store.messages.add(found.id, Role.USER, "goes on")
            assert store.messages.path(found.id)[-1] == added
        store.search("message 7/3")
