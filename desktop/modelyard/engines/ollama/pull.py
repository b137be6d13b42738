"""Fetching a model by name from the Ollama library (or hf.co) through the server, with progress over all its parts."""

from __future__ import annotations

from ...errors import Code, ModelyardError
from ...events import CancelToken, Listener, Step, progress
from . import names
from .client import Connection

# What would be said of a file or a running model, while it is the download that failed ("EOF", "digest mismatch, …").
_OF_THE_DOWNLOAD = (Code.FILE_CHANGED, Code.OLLAMA_FILE_REFUSED, Code.ENGINE_CRASHED, Code.ENGINE_FAILED)


def pull(connection: Connection, name: str, listener: Listener, cancel: CancelToken) -> None:
    """Cancelling keeps what was fetched: the next pull of the name goes on there.

    Raises ENGINE_NAME_INVALID, OLLAMA_PULL_FAILED, DISK_FULL, OLLAMA_LOST, Cancelled."""
    if not names.is_valid(name):
        raise ModelyardError(Code.ENGINE_NAME_INVALID, name=name)
    try:
        _pull(connection, name, listener, cancel)
    except ModelyardError as error:
        if error.code not in _OF_THE_DOWNLOAD:
            raise
        detail = str(error.fields.get("detail", ""))
        raise ModelyardError(Code.OLLAMA_PULL_FAILED, name=name, detail=detail) from error


def _pull(connection: Connection, name: str, listener: Listener, cancel: CancelToken) -> None:
    parts: dict[str, tuple[int, int]] = {}
    succeeded = False
    for part in connection.streamed(lambda: connection.official.pull(name, stream=True), cancel, name):
        succeeded = succeeded or part.status == "success"
        if part.digest:
            parts[part.digest] = (part.completed or 0, part.total or 0)
            done, total = map(sum, zip(*parts.values(), strict=True))
            listener(progress(Step.DOWNLOADING, done, total))
    if not succeeded:
        raise ModelyardError(Code.OLLAMA_LOST, address=connection.address.url)
