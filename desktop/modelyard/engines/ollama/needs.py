"""What to say before a model goes to an Ollama: too old for it, name taken, not enough room, wrong template.

Pure answers from what the plan already knows; nothing is sent but /api/tags."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ...host.folders import resources_folder
from ...host.machine import free_space
from .client import Connection
from .listing import find_tag
from .store import Store
from .version import Version, space_needed


@dataclass(frozen=True)
class ArchitectureNeed:
    """`first`: the first Ollama that can run the architecture; empty where we know none that can."""

    architecture: str
    first: str


@dataclass(frozen=True)
class Readiness:
    """`taken`: the model that has the name now, or empty. `too_old`: what the architecture needs, if this server is
    older. Space on the store's drive at the peak; -1 bytes free where the store is not on this computer.
    `store_is_newer`: a newer Ollama keeps its models in this server's folder, and this one deletes them."""

    taken: str
    too_old: ArchitectureNeed | None
    need_bytes: int
    free_bytes: int
    drive: Path | None

    version: Version
    store_is_newer: bool

    @property
    def fits(self) -> bool:
        return self.free_bytes < 0 or self.need_bytes <= self.free_bytes

    def warnings(self) -> list[tuple[str, dict[str, str]]]:
        """Codes of words/warnings with their fields."""
        found: list[tuple[str, dict[str, str]]] = []
        shown = {"version": self.version.text}
        if self.too_old is not None:
            found.append(("ollama_architecture_too_new", {"needed": self.too_old.first, **shown}))
        if self.version.known and not self.version.keeps_gguf:
            found.append(("ollama_rewrites", shown))
        if self.store_is_newer:
            found.append(("ollama_older_would_erase", shown))
        return found


@functools.cache
def _first_versions() -> dict[str, str]:
    text = (resources_folder() / "ollama" / "architectures.toml").read_text(encoding="utf-8")
    return {name: str(entry["first"]) for name, entry in tomllib.loads(text)["architectures"].items()}


def architecture_need(architecture: str, version: Version) -> ArchitectureNeed | None:
    """None if this Ollama runs it, or if we do not know better (a build without a version, an unlisted name)."""
    first = _first_versions().get(architecture.lower())
    if first is None or not version.known or version >= Version(first):
        return None
    return ArchitectureNeed(architecture, first)


def readiness(
    connection: Connection,
    version: Version,
    store: Store | None,
    *,
    name: str,
    size_bytes: int,
    architecture: str = "",
    linked: bool = False,
) -> Readiness:
    """`linked`: whether the file will be ours on the store's volume, which then takes no room of its own."""
    tag = find_tag(connection, name) if name else None
    at_hand = store is not None and store.present
    return Readiness(
        taken=tag.name if tag else "",
        too_old=architecture_need(architecture, version),
        need_bytes=space_needed(version, size_bytes, linked=linked),
        free_bytes=free_space(store.blobs) if store is not None and at_hand else -1,
        drive=store.root if store is not None and at_hand else None,
        version=version,
        store_is_newer=store is not None and store.is_newer_than(version),
    )
