"""A repository on the Hub seen as a folder: small files are fetched whole, weights are read by ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from ..errors import Code, ModelyardError
from ..events import CancelToken
from ..formats.checkpoint_files import SMALL_FILES
from ..formats.source import ByteSource
from ..hub.look import open_remote, read_small
from ..hub.remote_file import RemoteFile, prefetch
from ..hub.session import Session
from ..hub.values import RepoListing

_WEIGHTS = (".safetensors", ".bin", ".pth")
_EXTRA_FOLDERS = ("additional_chat_templates/", "1_Pooling/")


@dataclass(frozen=True)
class MemorySource:
    """Bytes already here, as a ByteSource."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


@dataclass
class HubTree:
    """formats.checkpoint_files.FileTree over a repository. What was fetched is kept for as long as this lives."""

    session: Session
    listing: RepoListing
    cancel: CancelToken
    _small: dict[str, MemorySource] = field(default_factory=dict)
    _large: dict[str, RemoteFile] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.listing.id.rpartition("/")[2]

    def names(self) -> Sequence[str]:
        return [file.path for file in self.listing.files if file.path.count("/") <= 1]

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """Raises FILE_MISSING, HUB_*."""
        self.cancel.check()
        if self.listing.file(name) is None:
            raise ModelyardError(Code.FILE_MISSING, name=name)
        if name.endswith(_WEIGHTS):
            return nullcontext(self.large(name))
        source = self._small.get(name)
        if source is None:
            content = read_small(self.session, self.listing, name, cancel=self.cancel)
            source = self._small[name] = MemorySource(name, content)
        return nullcontext(source)

    def large(self, name: str) -> RemoteFile:
        if name not in self._large:
            self._large[name] = open_remote(self.session, self.listing, name)
        return self._large[name]

    def go_on_with(self, session: Session, cancel: CancelToken) -> None:
        """Asks through another session from now on; the small files stay."""
        self.session, self.cancel = session, cancel
        self._large.clear()

    def small_names(self) -> list[str]:
        """The small files of the repository that a conversion may look at."""
        wanted = [file.path for file in self.listing.files if file.path in SMALL_FILES]
        wanted += [file.path for file in self.listing.files if file.path.startswith(_EXTRA_FOLDERS)]
        wanted += [f.path for f in self.listing.files if f.path.endswith((".index.json", ".tiktoken"))]
        return wanted

    def fetch_ahead(self, weights: Iterable[str]) -> None:
        """All small files and the first bytes of all shards, several at once: two round trips instead of sixty."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="hub-look") as pool:
            for _ in pool.map(self.open, self.small_names()):
                pass
        prefetch([self.large(name) for name in weights], cancel=self.cancel)

    @property
    def fetched_bytes(self) -> int:
        """Bytes of weights' headers fetched so far."""
        return sum(file.fetched_bytes for file in self._large.values())
