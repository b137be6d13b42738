"""A Hub over real HTTP for tests: what huggingface_hub 2.4 and Modelyard ask of huggingface.co, with faults on demand.

`python -m tests.builders.hub_server FOLDER [BYTES_PER_SECOND [line]]` serves FOLDER/<owner>/<name>/* from a process of
its own and prints its URL. The limit is for each connection, or for the whole line.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from modelyard.hub.fetch.pace import Pace


def _key(whose: str) -> str:
    """In the form of real ones, so that whatever hides real ones hides these. Put together only now: a copy of this
    file holds no key, and whoever looks for keys finds none in it (tests/key_watch.py)."""
    return f"hf_{whose}TestKey0123456789abcdefghijklmn"[:37]


ALICE, BOB, READER, FINE = map(_key, ("aLiCe", "bOb", "rEaDer", "fInE"))
LFS_ENDINGS = (".gguf", ".safetensors", ".bin", ".pt")


@dataclass
class Blob:
    """Contents of one file: in memory or on disk."""

    data: bytes = b""
    path: Path | None = None
    lfs: bool = False
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.lfs and not self.sha256:
            self.sha256 = self.hash()

    def hash(self) -> str:
        if self.path is None:
            return hashlib.sha256(self.data).hexdigest()
        with self.path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path else len(self.data)

    @property
    def git_oid(self) -> str:
        content = self.path.read_bytes() if self.path else self.data
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.git_oid


@dataclass
class User:
    """`role`: read, write or fineGrained; `scopes` as the Hub lists them for fine-grained keys."""

    name: str
    role: str = "write"
    organizations: tuple[str, ...] = ()
    reads_gated: bool = True
    writes: tuple[str, ...] = ()


@dataclass
class Repo:
    """`people`: what became of somebody's request to a gated repository: allowed, pending or rejected."""

    id: str
    private: bool = False
    gated: str = ""
    people: dict[str, str] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=lambda: ["transformers"])
    files: dict[str, Blob] = field(default_factory=dict)
    commits: list[tuple[str, str, dict[str, Blob]]] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    @property
    def sha(self) -> str:
        return self.commits[-1][0]

    def commit(self, message: str) -> str:
        sha = hashlib.sha1(f"{self.id} {len(self.commits)} {message}".encode()).hexdigest()
        self.commits.append((sha, message, dict(self.files)))
        return sha


@dataclass
class Fault:
    """Goes wrong `count` times at requests whose "METHOD path" matches, the first `spared` of them left out. One of:
    a `status` (with headers), the body cut or gone silent after so many bytes, or changed bytes."""

    match: str
    count: int = 1
    spared: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    flip_at: int | None = None  # one wrong byte at this offset of the file


@dataclass(frozen=True)
class Seen:
    """One request as it arrived. `host` is the Host header."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # the usual 5 makes a burst of connections wait a second


class Hub:
    """The server. `url` is the Hub, `cdn` the other host its redirects lead to."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.renamed: dict[str, str] = {}
        self.users: dict[str, User] = {}
        self.objects: dict[str, bytes | Path] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.raw: dict[str, bytes] = {}  # a path's answer, whatever it should be
        self.bytes_per_second = 0  # for each connection; 0 = as fast as it goes
        self.line = Pace()  # the limit of all connections together
        self.sent_bytes = 0
        self.ranges = True  # False: always the whole file
        self.slow_uploads = 0.0  # seconds of silence before an upload is read
        self.part_bytes = 0  # uploads above this come in parts; 0 = in one
        self.lock = threading.Lock()
        self.closing = threading.Event()

    def start(self, certificate: Path | None = None) -> Hub:
        """`certificate`: a PEM file with certificate and key, to speak HTTPS."""
        from .hub_handler import Handler

        handler = type("BoundHandler", (Handler,), {"hub": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        port, scheme = self._server.server_port, "https" if certificate else "http"
        self.certificate = certificate
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url, self.cdn = f"{scheme}://127.0.0.1:{port}", f"{scheme}://localhost:{port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, repo: str, files: Mapping[str, bytes | Path], **options: Any) -> Repo:
        """A repository with one commit."""
        made = Repo(repo, **options)
        for path, content in files.items():
            made.files[path] = make_blob(path, content)
        made.commit("initial")
        self.repos[repo] = made
        return made

    def fault_for(self, method: str, path: str, start: int = -1, end: int = -1) -> Fault | None:
        """The fault due at a request or, with a range, the changed byte due in it."""
        with self.lock:
            for fault in self.faults:
                due = fault.flip_at is None if start < 0 else fault.flip_at is not None and start <= fault.flip_at < end
                if due and fault.count > 0 and re.search(fault.match, f"{method} {path}"):
                    if fault.spared > 0:
                        fault.spared -= 1
                        continue
                    fault.count -= 1
                    return fault
        return None

    def requests(self, match: str) -> list[Seen]:
        with self.lock:
            return [seen for seen in self.seen if re.search(match, f"{seen.method} {seen.path}")]


def make_blob(path: str, content: bytes | Path) -> Blob:
    lfs = path.endswith(LFS_ENDINGS)
    return Blob(path=content, lfs=lfs) if isinstance(content, Path) else Blob(content, lfs=lfs)


@contextlib.contextmanager
def running_hub() -> Iterator[Hub]:
    """A started, empty Hub with the usual people."""
    hub = Hub().start()
    hub.users = {
        ALICE: User("alice", organizations=("studio",)),
        BOB: User("bob"),
        READER: User("carol", role="read"),
        FINE: User("dave", role="fineGrained", reads_gated=False, writes=("dave",)),
    }
    try:
        yield hub
    finally:
        hub.stop()


def serve_folder(folder: Path) -> Hub:
    hub = Hub()
    for repository in sorted(folder.glob("*/*")):
        files = {p.relative_to(repository).as_posix(): p for p in sorted(repository.rglob("*")) if p.is_file()}
        hub.add(repository.relative_to(folder).as_posix(), files)
    return hub


def main() -> None:
    hub = serve_folder(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        rate = int(sys.argv[2])
        if sys.argv[3:] == ["line"]:
            hub.line.bytes_per_second = rate
        else:
            hub.bytes_per_second = rate
    hub.start()
    print(hub.url, flush=True)
    while sys.stdin.readline():
        print(hub.sent_bytes, flush=True)  # any line asks for the count
    hub.stop()


if __name__ == "__main__":
    main()
