"""What one look at a repository found: its list of files, the small ones, the headers of the large, what becomes of it.

All of it belongs to one commit, which never changes. So the import that follows the look in the same process does not
look a second time, and plans nothing twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

from ..convert.dequantize import unpacked
from ..events import CancelToken
from ..formats.checkpoint import Checkpoint
from ..formats.hf_folder import read_checkpoint
from ..hub.look import list_repository
from ..hub.session import Session
from ..hub.values import RepoListing
from .hub_tree import HubTree
from .planned import Contents, contents_of
from .sources import HubRepo


@dataclass
class HubLook:
    """`tree` asks through the session of whoever looks last."""

    listing: RepoListing
    tree: HubTree

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Raises HUB_*, and as read_checkpoint."""
        self.tree.fetch_ahead(self.likely_shards)
        return read_checkpoint(self.tree)

    @cached_property
    def contents(self) -> Contents:
        """Of the checkpoint as it is, unpacked. Raises as convert.plan.gguf_content."""
        return contents_of(unpacked(self.checkpoint))

    @property
    def likely_shards(self) -> list[str]:
        """The files of weights, as far as names tell before anything is read."""
        found = [file.path for file in self.listing.files if "/" not in file.path]
        shards = [path for path in found if path.endswith(".safetensors")]
        return [path for path in shards if "consolidated" not in path or len(shards) == 1]


def look_at(session: Session, source: HubRepo, cancel: CancelToken) -> HubLook:
    """Asks the Hub, which may know a newer commit by now. Raises HUB_*."""
    listing = list_repository(session, source.id, source.revision, cancel)
    look = HubLook(listing, HubTree(session, listing, cancel))
    _LAST.keep(session.endpoint.url, look)
    return look


def look_again(session: Session, source: HubRepo, cancel: CancelToken) -> HubLook:
    """The last look, if it was at this very commit at the same place; otherwise as look_at."""
    known = _LAST.of(session.endpoint.url, source)
    if known is None:
        return look_at(session, source, cancel)
    known.tree.go_on_with(session, cancel)
    return known


@dataclass
class _Last:
    endpoint: str = ""
    look: HubLook | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, endpoint: str, look: HubLook) -> None:
        with self.lock:
            self.endpoint, self.look = endpoint, look

    def of(self, endpoint: str, source: HubRepo) -> HubLook | None:
        with self.lock:
            if self.look is None or self.endpoint != endpoint:
                return None
            listing = self.look.listing
            return self.look if (listing.id, listing.revision) == (source.id, source.revision) else None


_LAST = _Last()
