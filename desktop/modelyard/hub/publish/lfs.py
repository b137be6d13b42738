"""One large file to the Hub's storage: the LFS batch protocol with the Hub's own form for parts (read in
huggingface_hub 2.4, lfs.py)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ..answers import Subject, check_answer
from ..fetch.pace import Patience
from ..session import Session, parse_json, read_bounded
from .files import PublishFile

_STEP = 256 << 10
_TRIES = 5
_ANSWER_LIMIT = 8 << 20
_LFS_JSON = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}
_PASSING = (Code.HUB_UNREACHABLE, Code.HUB_SERVER_ERROR, Code.HUB_RATE_LIMITED)


class LfsUpload:
    """Uploads files of one repository. `on_bytes(n)` after each piece; negative when a piece must be sent again."""

    def __init__(self, session: Session, repository: str, on_bytes: Callable[[int], None], cancel: CancelToken) -> None:
        self._session = session
        self._repository = repository
        self._on_bytes = on_bytes
        self._cancel = cancel
        self._subject = session.subject(repository)

    def upload(self, file: PublishFile) -> None:
        """Sends it unless the server has these bytes already. `file.sha256` is known. Raises HUB_*, Cancelled,
        FILE_CHANGED (other bytes than were hashed), OSError."""
        size = file.size
        actions = self._batch(file, size)
        if not actions:
            self._on_bytes(size)
            return
        upload = _action(actions.get("upload"), self._subject)
        header = upload.get("header")
        header = header if isinstance(header, dict) else {}
        if "chunk_size" in header:
            self._in_parts(file, size, upload["href"], header)
        else:
            self._put(upload["href"], file, 0, size)
        if "verify" in actions:
            verify = _action(actions["verify"], self._subject)
            self._session.post_json(verify["href"], {"oid": file.sha256, "size": size}, self._subject)

    def _batch(self, file: PublishFile, size: int) -> dict[str, Any]:
        """What the server wants done; nothing if it has the file."""
        wish = {
            "operation": "upload",
            "transfers": ["basic", "multipart"],
            "objects": [{"oid": file.sha256, "size": size}],
            "hash_algo": "sha256",
        }
        url = self._session.url(f"/{self._repository}.git/info/lfs/objects/batch")
        answer = self._session.post_json(url, wish, self._subject, headers=_LFS_JSON)
        objects = answer.get("objects") if isinstance(answer, dict) else None
        entry = objects[0] if isinstance(objects, list) and objects and isinstance(objects[0], dict) else None
        if entry is None:
            raise _nonsense(self._subject)
        if isinstance(entry.get("error"), dict):
            detail = str(entry["error"].get("message", ""))[:200]
            raise ModelyardError(Code.HUB_PUBLISH_REFUSED, name=file.name, detail=detail)
        actions = entry.get("actions")
        return actions if isinstance(actions, dict) else {}

    def _in_parts(self, file: PublishFile, size: int, complete_url: str, header: dict[str, Any]) -> None:
        """Numbered addresses, one for each piece of `chunk_size`; at the end the list of what each answered."""
        try:
            step = int(header["chunk_size"])
            urls = [str(header[key]) for key in sorted((key for key in header if key.isdigit()), key=int)]
        except (ValueError, TypeError) as error:
            raise _nonsense(self._subject) from error
        if step <= 0 or len(urls) != math.ceil(size / step):
            raise _nonsense(self._subject)
        parts = []
        for number, url in enumerate(urls, start=1):
            start = (number - 1) * step
            etag = self._put(url, file, start, min(step, size - start))
            if not etag:
                raise _nonsense(self._subject)
            parts.append({"partNumber": number, "etag": etag})
        body = {"oid": file.sha256, "parts": parts}
        self._session.post_json(complete_url, body, self._subject, headers=_LFS_JSON)

    def _put(self, url: str, file: PublishFile, start: int, length: int) -> str:
        """Sends one range; tries again after passing faults. Returns the answer's ETag."""
        patience = Patience(limit_seconds=math.inf)
        for attempt in range(_TRIES):
            sent = 0

            def pieces() -> Iterator[bytes]:
                nonlocal sent
                for piece in _pieces(file, start, length):
                    self._cancel.check()
                    yield piece
                    sent += len(piece)
                    self._on_bytes(len(piece))

            try:
                headers = {"Content-Length": str(length)}
                with self._session.open("PUT", url, headers=headers, content=pieces()) as response:
                    check_answer(response, self._subject)
                    read_bounded(response, _ANSWER_LIMIT, self._subject)
                    return str(response.headers.get("ETag", ""))
            except ModelyardError as error:
                self._cancel.check()
                self._on_bytes(-sent)
                if error.code not in _PASSING or attempt == _TRIES - 1:
                    raise
            self._cancel.wait(patience.fault())
            self._cancel.check()
        raise AssertionError("the last attempt returns or raises")


def _pieces(file: PublishFile, start: int, length: int) -> Iterator[bytes]:
    """Raises FILE_CHANGED if the file has become shorter, OSError."""
    if file.path is None:
        yield file.content[start : start + length]
        return
    with file.path.open("rb", buffering=0) as source:
        source.seek(start)
        while length:
            piece = source.read(min(_STEP, length))
            if not piece:
                raise ModelyardError(Code.FILE_CHANGED, name=file.name)
            length -= len(piece)
            yield piece


def _action(value: object, subject: Subject) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("href"), str):
        raise _nonsense(subject)
    return value


def _nonsense(subject: Subject) -> ModelyardError:
    return ModelyardError(Code.HUB_ANSWER_INVALID, host=subject.endpoint.host, detail="an upload it does not describe")


def answer_json(session: Session, url: str, body: bytes, content_type: str, subject: Subject) -> Any:
    """Posts a body that is not JSON and reads the JSON answer. Raises HUB_*."""
    with session.open("POST", url, headers={"Content-Type": content_type}, content=body) as response:
        check_answer(response, subject)
        return parse_json(read_bounded(response, _ANSWER_LIMIT, subject), subject)
