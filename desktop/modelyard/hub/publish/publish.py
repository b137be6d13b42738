"""From a list of files to a repository: checked first, one large file after the other, resumed by leaving out what is
there already."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ... import events
from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken, Listener, Step
from ..account import whoami
from ..answers import check_answer
from ..links import is_repository_id
from ..look import list_repository
from ..session import Session
from ..values import Account, RepoListing
from .files import PublishFile, check_files
from .lfs import LfsUpload, answer_json

_SAMPLE = 512  # the Hub judges by a file's first bytes whether it is text


@dataclass(frozen=True)
class PublishJob:
    """`repository` is owner/name; made if it is not there, private if asked."""

    repository: str
    files: tuple[PublishFile, ...]
    private: bool = False
    message: str = "Upload with Modelyard"


def check_publish(session: Session, repository: str, cancel: CancelToken | None = None) -> Account:
    """Whether the key may write there, before anything is sent. Raises HUB_PUBLISH_NAME, HUB_NO_KEY, HUB_KEY_READ_ONLY,
    HUB_PUBLISH_NOT_YOURS, HUB_*."""
    if not is_repository_id(repository):
        raise ModelyardError(Code.HUB_PUBLISH_NAME, name=repository[:120])
    account = whoami(session, cancel)
    if not account.can_write:
        raise ModelyardError(Code.HUB_KEY_READ_ONLY, account=account.name, url=session.endpoint.keys_page)
    if not account.may_publish_to(repository.partition("/")[0]):
        raise ModelyardError(Code.HUB_PUBLISH_NOT_YOURS, name=repository, account=account.name)
    return account


def publish(session: Session, job: PublishJob, listener: Listener, cancel: CancelToken) -> str:
    """Uploads everything that is not there yet and returns the repository's page. Each large file is a commit of its
    own, so whatever stops it, the next run goes on after the last whole file; cancel takes effect within a second.
    Reports progress of Step.PUBLISHING. Raises as check_publish, FILE_*, HUB_PUBLISH_*, Cancelled."""
    check_files(job.files)
    with session.another() as own:
        cancel.on_cancel(own.cut)
        try:
            _publish(own, job, listener, cancel)
        except OSError as error:
            raise ModelyardError(Code.FILE_UNREADABLE, name=job.repository, detail=error.strerror or "") from error
        except ModelyardError:
            if cancel.cancelled:
                raise Cancelled from None  # the fault is only that we cut the line
            raise
    return session.endpoint.page(job.repository)


def _publish(session: Session, job: PublishJob, listener: Listener, cancel: CancelToken) -> None:
    account = check_publish(session, job.repository, cancel)
    _create(session, job, account)
    listing = list_repository(session, job.repository, cancel=cancel)
    progress = _Progress(listener, sum(file.size for file in job.files))
    modes = _upload_modes(session, job)
    small: list[PublishFile] = []
    for file in job.files:
        cancel.check()
        if modes.get(file.name) != "lfs":
            small.append(file)
            continue
        hashed = file.hashed(cancel)
        if _is_there(listing, file.name, hashed.sha256):
            progress.add(file.size)
            continue
        LfsUpload(session, job.repository, progress.add, cancel).upload(hashed)
        _commit(session, job, [_large_record(hashed)])
    fresh = [file for file in small if not _is_there(listing, file.name, file.git_oid())]
    if fresh:
        cancel.check()
        _commit(session, job, [_small_record(file) for file in fresh])
    progress.finish()


class _Progress:
    def __init__(self, listener: Listener, total: int) -> None:
        self._listener = listener
        self._total = total
        self._done = 0
        self._reported = -1

    def add(self, count: int) -> None:
        """At most a thousand reports whatever the size."""
        self._done += count
        if self._done - self._reported > self._total / 1000 or self._done < self._reported:
            self._report()

    def finish(self) -> None:
        self._done = self._total
        self._report()

    def _report(self) -> None:
        self._reported = self._done
        self._listener(events.progress(Step.PUBLISHING, self._done, self._total))


def _create(session: Session, job: PublishJob, account: Account) -> None:
    """A repository of that name which is there already is fine: it is the person's own."""
    owner, _, name = job.repository.partition("/")
    wish: dict[str, Any] = {"name": name, "type": "model", "visibility": "private" if job.private else "public"}
    if owner.lower() != account.name.lower():
        wish["organization"] = owner
    with session.open("POST", session.url("/api/repos/create"), json_body=wish) as response:
        if response.status_code == 409 or response.is_success:
            return
        message = response.headers.get("X-Error-Message", "")[:200]
        if response.status_code == 403:
            raise ModelyardError(Code.HUB_KEY_READ_ONLY, account=account.name, url=session.endpoint.keys_page)
        if response.status_code == 400:
            raise ModelyardError(Code.HUB_PUBLISH_REFUSED, name=job.repository, detail=message)
        check_answer(response, session.subject(job.repository))


def _upload_modes(session: Session, job: PublishJob) -> dict[str, str]:
    """name → "lfs" or "regular", as the server decides."""
    samples = [
        {"path": file.name, "sample": base64.b64encode(file.head(_SAMPLE)).decode("ascii"), "size": file.size}
        for file in job.files
    ]
    url = session.url(f"/api/models/{job.repository}/preupload/main")
    answer = session.post_json(url, {"files": samples}, session.subject(job.repository))
    rows = answer.get("files") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=session.endpoint.host, detail="no upload modes")
    return {str(row.get("path")): str(row.get("uploadMode")) for row in rows if isinstance(row, dict)}


def _is_there(listing: RepoListing, name: str, identity: str) -> bool:
    there = listing.file(name)
    return there is not None and there.etag == identity


def _large_record(file: PublishFile) -> dict[str, Any]:
    value = {"path": file.name, "algo": "sha256", "oid": file.sha256, "size": file.size}
    return {"key": "lfsFile", "value": value}


def _small_record(file: PublishFile) -> dict[str, Any]:
    content = base64.b64encode(file.read()).decode("ascii")
    return {"key": "file", "value": {"path": file.name, "content": content, "encoding": "base64"}}


def _commit(session: Session, job: PublishJob, records: Iterable[dict[str, Any]]) -> None:
    lines = [{"key": "header", "value": {"summary": job.message, "description": ""}}, *records]
    body = b"\n".join(json.dumps(line).encode("utf-8") for line in lines)
    url = session.url(f"/api/models/{job.repository}/commit/main")
    answer_json(session, url, body, "application/x-ndjson", session.subject(job.repository))
