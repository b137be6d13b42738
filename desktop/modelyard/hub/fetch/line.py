"""One connection that brings ranges of files, and checks that they are of the file that was listed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator
from urllib.parse import quote

import httpx

from ...errors import Code, ModelyardError
from ..answers import Subject, check_answer
from ..partial import bytes_before
from ..session import Session, redirect_target
from .part import Claim, PartFile

_REDIRECTS = 5
_IDENTITY = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Line:
    """Brings bytes of one repository at one commit. One thread uses it; any thread may `cut` it."""

    def __init__(self, session: Session, repository: str, revision: str) -> None:
        self._session = session
        self._repository = repository
        self._revision = revision

    def cut(self) -> None:
        """Ends what is under way now, whatever it waits for; the line is of no further use."""
        self._session.cut()

    def close(self) -> None:
        self._session.close()

    def chunks(self, claim: Claim) -> Generator[bytes, None, None]:
        """The bytes of the claim in order. Raises HUB_* (also for a body cut short)."""
        part = claim.part
        with self._answer(part, claim.start, claim.end) as response:
            skip = bytes_before(response, claim.start, part.file.size, part.file.path)
            position = claim.start
            for received in response.iter_raw():
                chunk = received
                if skip:
                    chunk, skip = chunk[skip:], max(0, skip - len(chunk))
                if chunk := chunk[: claim.end - position]:
                    position += len(chunk)
                    yield chunk
                if position == claim.end:
                    return
        if position < claim.end:
            raise ModelyardError(Code.HUB_UNREACHABLE, host=self._session.endpoint.host, detail="cut off")

    @contextlib.contextmanager
    def _answer(self, part: PartFile, start: int, end: int) -> Iterator[httpx.Response]:
        """The 200 or 206 at the end of the redirects; a kept address that has run out is asked for again."""
        subject = self._session.subject(self._repository, self._revision, part.file.path)
        headers = {"Range": f"bytes={start}-{end - 1}"}
        kept = part.location
        url = kept or self._resolve_url(part)
        for _ in range(_REDIRECTS):
            with self._session.open("GET", url, headers=headers) as response:
                if response.has_redirect_location:
                    self._check_identity(response, part)
                    url = redirect_target(response, url, self._session.endpoint.host)
                    continue
                if url == kept and response.status_code in (400, 401, 403, 404, 410):
                    part.location = kept = ""
                    url = self._resolve_url(part)
                    continue
                self._check(response, part, subject)
                if url != self._resolve_url(part):
                    part.location = url
                else:
                    self._check_identity(response, part)
                yield response
                return
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=self._session.endpoint.host, detail="redirects without end")

    def _resolve_url(self, part: PartFile) -> str:
        where = f"/{quote(self._repository)}/resolve/{quote(self._revision, safe='')}/{quote(part.file.path)}"
        return self._session.url(where)

    def _check(self, response: httpx.Response, part: PartFile, subject: Subject) -> None:
        if response.status_code == 416:  # our range is within the size we were told
            raise ModelyardError(Code.HUB_FILE_CHANGED, name=part.file.path)
        check_answer(response, subject)

    def _check_identity(self, response: httpx.Response, part: PartFile) -> None:
        """The Hub's own answer names the bytes it will send. Raises HUB_FILE_CHANGED if they are not ours."""
        named = response.headers.get("X-Linked-ETag") or response.headers.get("ETag", "")
        etag = named.removeprefix("W/").strip('"')
        size = response.headers.get("X-Linked-Size", "")
        if size.isdigit() and int(size) != part.file.size:
            raise ModelyardError(Code.HUB_FILE_CHANGED, name=part.file.path)
        if not etag:
            return
        listed = part.file.etag
        if listed and len(etag) == len(listed) and _IDENTITY.fullmatch(etag):
            if etag != listed:
                raise ModelyardError(Code.HUB_FILE_CHANGED, name=part.file.path)
        elif part.seen_etag and part.seen_etag != etag:
            raise ModelyardError(Code.HUB_FILE_CHANGED, name=part.file.path)
        else:
            part.seen_etag = etag
