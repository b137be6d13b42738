"""Files of every kind as attachments: read, or refused in clear words; never more kept than is needed."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest
from pypdf import PdfWriter
from PySide6.QtGui import QColor, QImage

from modelyard.chat.documents import MAX_CHARACTERS, MAX_FILE_BYTES
from modelyard.chat.values import NewAttachment
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.ui.chat.attaching import read_files

from .chat_pages import Chat
from .scenes import pump, wait_for

# Two frames of two pixels each way: black, then white.
_GIF = bytes.fromhex(
    "474946383961020002008000000000 00ffffff"
    "21f904000a000000 2c00000000020002000002 02 8451 00"
    "21f904000a000000 2c00000000020002000002 02 8c53 00 3b"
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/hostname"/></svg>'


def read(path: Path) -> NewAttachment:
    return read_files([path], CancelToken())[0]


def refused(path: Path) -> Code:
    with pytest.raises(ModelyardError) as caught:
        read(path)
    return caught.value.code


def test_pdfs(tmp_path: Path) -> None:
    for name, pages, password in (("scanned.pdf", 300, ""), ("locked.pdf", 1, "secret")):
        writer = PdfWriter()
        for _ in range(pages):
            writer.add_blank_page(200, 200)
        if password:
            writer.encrypt(password, algorithm="RC4-128")
        writer.write(tmp_path / name)
    assert refused(tmp_path / "scanned.pdf") is Code.CHAT_DOCUMENT_EMPTY
    assert refused(tmp_path / "locked.pdf") is Code.CHAT_DOCUMENT_LOCKED
    (tmp_path / "half.pdf").write_bytes((tmp_path / "scanned.pdf").read_bytes()[:3_000])
    assert refused(tmp_path / "half.pdf") in (Code.CHAT_DOCUMENT_UNREADABLE, Code.CHAT_DOCUMENT_EMPTY)


def test_texts(tmp_path: Path) -> None:
    chance = random.Random(7)
    (tmp_path / "binary.txt").write_bytes(bytes(chance.randrange(1, 256) for _ in range(20_000)))
    assert refused(tmp_path / "binary.txt") is Code.CHAT_DOCUMENT_KIND
    (tmp_path / "latin.txt").write_bytes("Ein schöner Brief über Käse. ".encode("latin-1") * 40)
    assert read(tmp_path / "latin.txt").text.startswith("Ein sch")
    (tmp_path / "drawing.svg").write_text(_SVG, encoding="utf-8")
    assert read(tmp_path / "drawing.svg").text == _SVG
    (tmp_path / "log.txt").write_bytes(b"\x1b[31mred\x1b[0m and so on\n" * 50)
    assert "red" in read(tmp_path / "log.txt").text
    (tmp_path / "long.txt").write_bytes(b"one line of many\n" * 300_000)
    long = read(tmp_path / "long.txt")
    assert len(long.text) == MAX_CHARACTERS and long.data == b""
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert refused(tmp_path / "huge.txt") is Code.CHAT_ATTACHMENT_TOO_LARGE


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_pictures(tmp_path: Path) -> None:
    wide = QImage(6_000, 300, QImage.Format.Format_RGB32)
    wide.fill(QColor("teal"))
    wide.save(str(tmp_path / "wide.jpg"))
    shown = QImage.fromData(read(tmp_path / "wide.jpg").data)
    assert (shown.width(), shown.height()) == (1_568, 78)
    printed = QImage(40, 30, QImage.Format.Format_CMYK8888)
    printed.fill(QColor.fromCmyk(200, 20, 20, 20))
    printed.save(str(tmp_path / "printed.jpg"))
    assert QImage.fromData(read(tmp_path / "printed.jpg").data).format() is QImage.Format.Format_RGB32
    (tmp_path / "moving.gif").write_bytes(_GIF)
    assert QImage.fromData(read(tmp_path / "moving.gif").data).pixelColor(0, 0).lightness() < 40
    (tmp_path / "drawing.png").write_text(_SVG, encoding="utf-8")
    assert refused(tmp_path / "drawing.png") is Code.CHAT_DOCUMENT_UNREADABLE
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
    (tmp_path / "poster.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 99)))
    with pytest.raises(ModelyardError) as caught:
        read(tmp_path / "poster.png")
    assert caught.value.code is Code.CHAT_PICTURE_TOO_LARGE
    assert caught.value.fields["width"] == caught.value.fields["height"] == 20_000


def test_a_refused_file_is_told_and_the_words_stay(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "a.bin.txt").write_bytes(b"\0\1\2" * 100)
    chat.composer.write("About this file")
    chat.page._files.read([tmp_path / "a.bin.txt"])
    wait_for(lambda: chat.page._board._panel is not None)
    pump(0.05)
    assert chat.composer.field.toPlainText() == "About this file"
    assert chat.composer._note.isHidden()
    (tmp_path / "good.txt").write_text("hello", encoding="utf-8")
    chat.page._files.read([tmp_path / "good.txt"])
    wait_for(lambda: len(chat.composer.attachments) == 1)
    assert chat.page._board._panel is None
    assert chat.page._stack.currentWidget() is chat.page._empty
