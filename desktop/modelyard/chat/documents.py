"""Files as context: the text of a text, Markdown, code or PDF file, to be attached to a message."""

from __future__ import annotations

import functools
import re
import stat
from pathlib import Path
from threading import Timer

from ..errors import Code, ModelyardError
from ..events import CancelToken
from ..host.children import Child, self_command
from .pdf_child import LOCKED
from .values import NewAttachment, clean

MAX_FILE_BYTES = 50_000_000
_LOOKED_AT = 65_536  # bytes that tell text from other things
MAX_CHARACTERS = 2_000_000  # of one file; far beyond any conversation memory
_MOST_KEPT = 4_000_000  # bytes
_PDF_SECONDS = 60.0
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")  # what no text has, escapes (1b) aside
_ENCODINGS = ("utf-8-sig", "gb18030")


def read_document(path: Path, cancel: CancelToken) -> NewAttachment:
    """Blocks. A PDF is read by a child process: it may be hostile, and it can be cancelled.

    Raises FILE_MISSING, FILE_UNREADABLE, CHAT_ATTACHMENT_TOO_LARGE, CHAT_DOCUMENT_KIND, CHAT_DOCUMENT_EMPTY,
    CHAT_DOCUMENT_LOCKED, CHAT_DOCUMENT_UNREADABLE, Cancelled.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would keep us waiting, a device has no end
            raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail="not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise ModelyardError(
                Code.CHAT_ATTACHMENT_TOO_LARGE, name=path.name, size_bytes=status.st_size, most_bytes=MAX_FILE_BYTES
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelyardError(Code.FILE_MISSING, name=path.name) from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise ModelyardError(Code.FILE_UNREADABLE, name=path.name, detail=detail) from error
    pdf = data[:1024].lstrip().startswith(b"%PDF-")
    text = _pdf_text(path, cancel) if pdf else _plain_text(path.name, data)
    if not text.strip():
        raise ModelyardError(Code.CHAT_DOCUMENT_EMPTY, name=path.name)
    kept = b"" if pdf or len(data) > _MOST_KEPT else data  # the model reads the text, nothing else is needed
    return NewAttachment(path.name, "application/pdf" if pdf else "text/plain", kept, clean(text[:MAX_CHARACTERS]))


def _plain_text(name: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:_LOOKED_AT]:
        raise ModelyardError(Code.CHAT_DOCUMENT_KIND, name=name)
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    text = data.decode("latin-1")
    if len(_CONTROL.findall(text[:_LOOKED_AT])) > len(text[:_LOOKED_AT]) // 50:
        raise ModelyardError(Code.CHAT_DOCUMENT_KIND, name=name)
    return text


def _pdf_text(path: Path, cancel: CancelToken) -> str:
    try:
        child = Child(self_command("reader", str(path.absolute())))
    except OSError as error:
        raise ModelyardError(Code.CHAT_DOCUMENT_UNREADABLE, name=path.name, detail=str(error)) from error
    end = functools.partial(child.end, 0.1)
    timer = Timer(_PDF_SECONDS, end)
    timer.daemon = True
    timer.start()
    cancel.on_cancel(end)
    try:
        found = next(child.messages(), {"error": "no answer"})
    finally:
        timer.cancel()
        timer.join(2.0)
        end()
    cancel.check()
    if found.get("error") == LOCKED:
        raise ModelyardError(Code.CHAT_DOCUMENT_LOCKED, name=path.name)
    if "text" not in found:
        detail = str(found.get("error", ""))[:200]
        raise ModelyardError(Code.CHAT_DOCUMENT_UNREADABLE, name=path.name, detail=detail)
    return str(found["text"])
