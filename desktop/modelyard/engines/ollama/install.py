"""Putting a finished GGUF into Ollama: whole afterwards, or nothing of it.

Order: name and space are checked, the digest is known, the blob is brought there (blobs.py), the model is created,
leftovers of ours go. Accepts single files only: split sets are merged before this is called.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken, Listener, Step, progress, warning
from ...host.machine import free_space
from ..base import InstalledModel, InstallRequest
from . import names
from .blobs import How, Placed, digest_of, file_size, is_present, link, taken_back_on_failure, upload
from .client import Connection
from .creating import create, fields_of
from .leftovers import remove_orphan
from .listing import Tag, find_tag, installed
from .store import Store
from .templates import choose_template
from .version import Version, space_needed

_MARGIN = 16 << 20
_LONG_TO_REWRITE = 512 << 20  # bytes, counted twice
_SETTLE_SECONDS = 6.0  # a create of a single GGUF takes milliseconds once its blob is there
_NOT_THE_SERVERS = ("operation not permitted", "permission denied")  # a linked blob of another user


@dataclass
class Installation:
    """One install under way. Use `run()` once."""

    connection: Connection
    version: Version
    locate: Callable[[], Store | None]  # the server's folder, if it is on this computer
    request: InstallRequest
    listener: Listener
    cancel: CancelToken
    store: Store | None = field(init=False)
    _report: _Report = field(init=False)
    _placed: dict[str, Placed] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.store = self.locate()

    def run(self) -> InstalledModel:
        """See Engine.install. The file is never moved; a caller that is done with a work file removes it."""
        name = self.request.name
        if not names.is_own(name):
            raise ModelyardError(Code.ENGINE_NAME_INVALID, name=name)
        before = find_tag(self.connection, name)
        if before is not None and not self.request.replace:
            raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=before.name)
        files = self._files()
        self._report = _Report(self.listener, sum(size for _, size in files.values()) * 2)
        with self._room_in_numbers(files), taken_back_on_failure(self._take_back):
            for file_name, (path, size) in files.items():
                self._place(file_name, path, size)
            self.cancel.check()
            self._create(before)
        self._report.finish()
        self._drop_rewritten()
        after = find_tag(self.connection, name)
        if after is None:
            raise ModelyardError(Code.OLLAMA_LOST, address=self.connection.address.url)
        return installed(after)

    def _files(self) -> dict[str, tuple[Path, int]]:
        """Neutral names: what is sent stands in the model for everybody to read."""
        files = {"model.gguf": self.request.gguf}
        if self.request.projector is not None:
            files["projector.gguf"] = self.request.projector
        return {name: (path, file_size(path)) for name, path in files.items()}

    @contextlib.contextmanager
    def _room_in_numbers(self, files: Mapping[str, tuple[Path, int]]) -> Iterator[None]:
        """A server that runs out of space does not say how much it lacks; on this computer it can be seen."""
        try:
            yield
        except ModelyardError as error:
            if error.code is not Code.OLLAMA_DISK_FULL or self.store is None:
                raise
            need = space_needed(self.version, sum(size for _, size in files.values()), linked=False)
            free = free_space(self.store.root)
            raise ModelyardError(
                Code.DISK_FULL, folder=str(self.store.root), need_bytes=need, free_bytes=free
            ) from error

    # --- the blob ----------------------------------------------------------------------------------------------------

    def _place(self, file_name: str, path: Path, size: int) -> None:
        known = self.request.sha256 if path == self.request.gguf else ""
        digest = f"sha256:{known}" if known else digest_of(path, self.cancel, self._report.part)
        self._report.next(size)
        if is_present(self.connection, digest):
            self._report.next(size)
            self._placed[file_name] = Placed(digest, How.PRESENT)
            return
        self._check_space(size, linked=self.store is not None and self.store.is_ours)
        if link(self.connection, self.store, path, digest, self.request.ownership):
            self._report.next(size)
            self._placed[file_name] = Placed(digest, How.LINKED)
            return
        self._upload(file_name, path, size, digest)

    def _upload(self, file_name: str, path: Path, size: int, digest: str) -> None:
        self._check_space(size, linked=False)
        self._placed[file_name] = Placed(digest, How.UPLOADED)  # now: a broken upload may have been complete
        upload(self.connection, path, digest, self.cancel, self._report.part)
        self._report.next(size)

    def _check_space(self, size: int, *, linked: bool) -> None:
        """Only where the store stands on this computer; elsewhere the server says so itself."""
        if self.store is None or not self.store.present:
            return
        need, free = space_needed(self.version, size, linked=linked) + _MARGIN, free_space(self.store.blobs)
        if free < need:
            raise ModelyardError(Code.DISK_FULL, folder=str(self.store.root), need_bytes=need, free_bytes=free)

    # --- the model ---------------------------------------------------------------------------------------------------

    def _body(self) -> dict[str, Any]:
        choice = choose_template(self.request.chat_format, self.request.persona)
        for code in choice.warnings:
            self.listener(warning(code, name=self.request.name))
        persona = replace(self.request.persona, template=choice.template, parameters=choice.parameters)
        return {"files": {name: placed.digest for name, placed in self._placed.items()}} | fields_of(persona)

    def _create(self, before: Tag | None) -> None:
        body = self._body()
        if not self.version.keeps_gguf:
            self._report.rewriting()
        try:
            self._settled_create(body, before)
        except ModelyardError as error:
            if not self._refuses_links(error):
                raise
            self._upload_linked()
            self._settled_create(body, before)

    def _refuses_links(self, error: ModelyardError) -> bool:
        """The server runs as somebody else although the folder looked like ours."""
        detail = str(error.fields.get("detail", "")).lower()
        linked = any(placed.how is How.LINKED for placed in self._placed.values())
        return linked and any(words in detail for words in _NOT_THE_SERVERS)

    def _upload_linked(self) -> None:
        paths = self._files()
        for file_name, placed in list(self._placed.items()):
            if placed.how is How.LINKED and self.store is not None:
                self.store.blob(placed.digest).unlink(missing_ok=True)
                self._upload(file_name, *paths[file_name], placed.digest)

    def _settled_create(self, body: Mapping[str, Any], before: Tag | None) -> None:
        """Creates, and after a broken connection looks whether the server finished it alone.

        Where GGUFs are kept, a create takes milliseconds and cannot be stopped by the client; it is awaited a while
        even when cancelled. Where they are rewritten, it may take minutes and closing the stream ends it."""
        try:
            with _patient(self.cancel) if self.version.keeps_gguf else contextlib.nullcontext(self.cancel) as cancel:
                create(self.connection, self.request.name, body, cancel)
        except ModelyardError as error:
            if error.code is not Code.OLLAMA_LOST or not self._appears(before):
                raise
        except Cancelled:
            once = self.version.known and not self.version.keeps_gguf
            if before is None and not once and self._appears(before):
                self.connection.remove(self.request.name)
            raise
        if before is None and self.cancel.cancelled:
            self.connection.remove(self.request.name)
            self.cancel.check()

    def _appears(self, before: Tag | None) -> bool:
        """Whether the model is there now and was not before. Old servers write nothing once the client is gone, so
        one look is enough; newer ones finish by themselves and are given a moment."""
        once = self.version.known and not self.version.keeps_gguf
        deadline = time.monotonic() + (0.0 if once else _SETTLE_SECONDS)
        while True:
            tag: Tag | None = None
            with contextlib.suppress(ModelyardError):
                tag = find_tag(self.connection, self.request.name)
            if tag is not None and (before is None or tag.digest != before.digest):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)

    # --- afterwards --------------------------------------------------------------------------------------------------

    def _take_back(self) -> None:
        """Removes what we brought and nobody uses: directly in our own store, else by a model made and removed."""
        for placed in self._placed.values():
            if placed.how is How.PRESENT:
                continue
            if placed.how is How.UPLOADED and not self._arrived(placed):
                continue
            removed = self.store is not None and remove_orphan(self.store, placed.digest)
            if not removed and self.version.keeps_gguf:
                self._take_back_through_model(placed)

    def _arrived(self, placed: Placed) -> bool:
        """Whether a blob is there; one whose last byte was just sent is given a moment."""
        for _ in range(4):
            if is_present(self.connection, placed.digest):
                return True
            time.sleep(0.1)
        return False

    def _take_back_through_model(self, placed: Placed) -> None:
        """There is no call that removes a blob; removing the only model that holds it does."""
        name = names.helper("removing", placed.digest[7:19])
        create(self.connection, name, {"files": {"model.gguf": placed.digest}}, CancelToken())
        self.connection.remove(name)

    def _drop_rewritten(self) -> None:
        """0.33 stores a rewritten copy; the file we brought would lie there until its next start. Where the store
        is, is certain only now that it holds a model."""
        if not self.version.keeps_gguf:
            self.store = self.locate()
        for placed in self._placed.values():
            if placed.how is not How.PRESENT and self.store is not None:
                remove_orphan(self.store, placed.digest)


@contextlib.contextmanager
def _patient(cancel: CancelToken) -> Iterator[CancelToken]:
    """A token that is cancelled some seconds after `cancel` is: a server that hangs must not hold anybody."""
    late = CancelToken()
    timer = threading.Timer(_SETTLE_SECONDS, late.cancel)
    timer.daemon = True
    running = threading.Lock()

    def begin() -> None:
        with running, contextlib.suppress(RuntimeError):  # over already, or begun
            if not timer.finished.is_set():
                timer.start()

    cancel.on_cancel(begin)
    try:
        yield late
    finally:
        with running:
            timer.cancel()
            if timer.ident is not None:
                timer.join()


class _Report:
    """Progress over several files: each counts twice, once for its digest and once for its way there."""

    def __init__(self, listener: Listener, total: int) -> None:
        self._listener = listener
        self._total = total
        self._finished = 0
        self._last = 0.0

    def part(self, done: int) -> None:
        """Bytes done of the current half; told at most ten times a second."""
        if time.monotonic() - self._last >= 0.1:
            self._last = time.monotonic()
            self._tell(self._finished + done)

    def next(self, size: int) -> None:
        self._finished += size
        self._tell(self._finished)

    def _tell(self, done: int) -> None:
        self._listener(progress(Step.ADDING, min(done, self._total), self._total))

    def rewriting(self) -> None:
        """The server writes the whole file anew and does not say how far it is; what is small is there at once."""
        if self._total >= _LONG_TO_REWRITE:
            self._listener(progress(Step.ADDING, 0, 0, ""))

    def finish(self) -> None:
        self._tell(self._total)
