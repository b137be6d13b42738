"""What the Hub tells us, as values: plain data, no network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RepoFile:
    """One file of a repository. `sha256` for large (LFS) files, `git_oid` (SHA-1 of the git blob) for the others;
    either may be "" on a mirror that does not tell. `path` uses "/" and is what the server said: check before writing
    (fetch does)."""

    path: str
    size: int
    sha256: str = ""
    git_oid: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def etag(self) -> str:
        """What the Hub sends as the identity of these bytes."""
        return self.sha256 or self.git_oid


@dataclass(frozen=True)
class RepoListing:
    """A repository at one commit. `revision` is the commit's full hash; `gated` is "", "auto" or "manual"."""

    id: str
    revision: str
    files: tuple[RepoFile, ...]
    private: bool = False
    gated: str = ""
    licence: str = ""
    licence_url: str = ""
    tags: tuple[str, ...] = ()
    base_models: tuple[str, ...] = ()

    def file(self, path: str) -> RepoFile | None:
        return next((file for file in self.files if file.path == path), None)

    @property
    def total_bytes(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Account:
    """Whose key it is and what it may do. `rights`: "read", "write" or "fine-grained"; for a fine-grained key
    `can_write` lists the names of the accounts it may write to, and `reads_gated` tells of public gated models."""

    name: str
    rights: str
    can_write: tuple[str, ...] = ()
    reads_gated: bool = True

    def may_publish_to(self, owner: str) -> bool:
        return owner.lower() in (name.lower() for name in self.can_write)
