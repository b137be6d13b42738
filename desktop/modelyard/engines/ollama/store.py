"""Ollama's model folder on this computer, read by the server's own rules. Only ever read, unless it is ours.

`OLLAMA_MODELS/blobs/sha256-HEX` and two trees of manifests: `manifests` (to 0.3x) and `manifests-v2` (0.40: links to
blobs, possibly lists of manifests). A blob is in use if any manifest of either tree names it, at any depth.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import names
from .version import Version

BLOB_NAME = re.compile(r"sha256-[0-9a-f]{64}")
_TREES = ("manifests", "manifests-v2")
_MANIFEST_LIMIT = 4 << 20
_DEPTH_LIMIT = 4  # lists of manifests do not nest in practice


class UnreadableManifest(Exception):
    """A manifest that is not one: what is in use cannot be said, so nothing may be called an orphan."""


@dataclass(frozen=True)
class StoredModel:
    """A manifest: the model's short name, every digest it holds (`sha256:HEX`), and the sizes of its layers."""

    name: str
    digests: frozenset[str]
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class Store:
    root: Path

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    def blob(self, digest: str) -> Path:
        """The file of `sha256:HEX`."""
        return self.blobs / digest.replace(":", "-")

    @property
    def present(self) -> bool:
        """Whether it stands on this computer and can be seen. That of the Linux service often cannot."""
        try:
            return self.blobs.is_dir()
        except OSError:
            return False

    @property
    def readable(self) -> bool:
        return os.access(self.blobs, os.R_OK | os.X_OK)

    @property
    def is_ours(self) -> bool:
        """Whether this user owns the folder and may write into it. A server running as another user keeps a store of
        its own user's, and refuses blobs that are not its own (chtimes)."""
        try:
            info = self.blobs.stat()
        except OSError:
            return False
        own = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
        return own and os.access(self.blobs, os.W_OK | os.X_OK)

    def is_newer_than(self, version: Version) -> bool:
        """Whether Ollama 0.40 or later writes here: an older one sees no models and removes their blobs at start."""
        return version.known and not version.linked_manifests and self.present and (self.root / _TREES[1]).is_dir()

    def models(self) -> list[StoredModel]:
        """Every manifest of both trees. Raises UnreadableManifest, OSError."""
        return [self._stored(name, path) for name, path in self._manifests()]

    def in_use(self) -> set[str]:
        """Digests that any model holds. Raises UnreadableManifest, OSError."""
        return set().union(*(model.digests for model in self.models()))

    def freed_by(self, name: str) -> int | None:
        """Bytes that go when this model goes: its layers that no other model shares. None if that cannot be said."""
        try:
            models = self.models()
        except (OSError, UnreadableManifest):
            return None
        mine = next((model for model in models if names.same(model.name, name)), None)
        if mine is None:
            return None
        others = set().union(*(model.digests for model in models if model is not mine))
        return sum(self._size(digest) for digest in mine.digests - others)

    def _size(self, digest: str) -> int:
        try:
            return self.blob(digest).stat().st_size
        except OSError:
            return 0

    # --- manifests -------------------------------------------------------------------------------------------------

    def _manifests(self) -> Iterator[tuple[str, Path]]:
        for tree in _TREES:
            base = self.root / tree
            for path in _files(base) if base.is_dir() else ():
                if not path.is_file():
                    raise UnreadableManifest(path.name)
                parts = path.relative_to(base).as_posix().replace("%3A", ":")
                if tree == "manifests-v2":
                    parts = re.sub(r"^ollama\.com/", f"{names.DEFAULT_HOST}/", parts)
                name = names.from_manifest_path(parts)
                if name is not None:
                    yield name.short, path

    def _stored(self, name: str, path: Path) -> StoredModel:
        sizes: dict[str, int] = {}
        digests = {_as_digest(path.resolve().name)} if path.is_symlink() else set()
        self._collect(_manifest(path), digests, sizes, _DEPTH_LIMIT)
        digests |= self._own_blobs(path) - digests
        return StoredModel(name, frozenset(digests), sizes)

    def _own_blobs(self, path: Path) -> set[str]:
        """The manifest's own blob where it stands as a hard link or a copy of one (0.40 on Windows)."""
        if path.parts[len(self.root.parts)] != "manifests-v2" or path.is_symlink():
            return set()
        import hashlib

        return {"sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()}

    def _collect(self, manifest: Mapping[str, Any], digests: set[str], sizes: dict[str, int], depth: int) -> None:
        entries = [manifest.get("config") or {}, *(manifest.get("layers") or [])]
        for entry in entries:
            if digest := str(entry.get("digest") or ""):
                digests.add(_as_digest(digest))
                sizes[_as_digest(digest)] = int(entry.get("size") or 0)
        for child in manifest.get("manifests") or []:
            digest = _as_digest(str(child.get("digest") or ""))
            digests.add(digest)
            if depth and self.blob(digest).is_file():
                self._collect(_manifest(self.blob(digest)), digests, sizes, depth - 1)


def _files(base: Path) -> Iterator[Path]:
    """Every file below a folder. A folder that cannot be read is an error: its models' blobs would look unused."""

    def refuse(error: OSError) -> None:
        raise UnreadableManifest(base.name) from error

    for folder, _, files in os.walk(base, onerror=refuse):
        yield from (Path(folder) / name for name in sorted(files))


def _as_digest(text: str) -> str:
    return text.replace("sha256-", "sha256:")


def _manifest(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > _MANIFEST_LIMIT:
        raise UnreadableManifest(path.name)
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError as error:
        raise UnreadableManifest(path.name) from error
    if not isinstance(manifest, dict) or not all(_is_entries(manifest.get(key)) for key in ("layers", "manifests")):
        raise UnreadableManifest(path.name)
    return manifest


def _is_entries(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(entry, dict) for entry in value))


def default_root(environ: Mapping[str, str], home: Path) -> Path:
    """OLLAMA_MODELS (stripped of spaces and quotes, as Ollama does) or `~/.ollama/models`."""
    given = environ.get("OLLAMA_MODELS", "").strip().strip("\"'")
    return Path(given) if given else home / ".ollama" / "models"


def store_of_blob(blob_path: str) -> Store | None:
    """The store in which a server keeps a blob, from a FROM line of its `show`; None if it is not on this computer."""
    path = Path(blob_path)
    if not path.is_absolute() or not BLOB_NAME.fullmatch(path.name) or path.parent.name != "blobs":
        return None
    store = Store(path.parent.parent)
    return store if store.present else None
