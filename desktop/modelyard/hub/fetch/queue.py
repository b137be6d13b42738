"""Which bytes are fetched next: files in the order in which they are needed, those somebody waits for first, and not
further ahead of the consumer than the disk should hold."""

from __future__ import annotations

from collections.abc import Sequence

from .part import Claim, PartFile


class Queue:
    """Used under the fetch's lock."""

    def __init__(self, parts: Sequence[PartFile], ahead_bytes: int) -> None:
        self.parts = list(parts)
        self.held: set[PartFile] = set()  # not to be fetched now: being taken from a cache
        self._wanted: list[PartFile] = []
        self._ahead = ahead_bytes

    def part(self, path: str) -> PartFile:
        """Raises KeyError."""
        for part in self.parts:
            if part.file.path == path:
                return part
        raise KeyError(path)

    def want(self, part: PartFile) -> None:
        """Somebody waits for it: it comes first, and the limit on reading ahead does not hold it back."""
        if part not in self._wanted:
            self._wanted.append(part)

    def reorder(self, paths: Sequence[str]) -> None:
        """The named files first, in this order; the others after them as they were."""
        rank = {path: position for position, path in enumerate(paths)}
        self.parts.sort(key=lambda part: rank.get(part.file.path, len(rank)))

    def claim(self, connections: int) -> Claim | None:
        for part in (*self._wanted, *self.parts):
            if part not in self.held and self._allowed(part) and (claim := part.claim(connections)):
                return claim
        return None

    @property
    def finished(self) -> bool:
        return all(part.verified or part.consumed for part in self.parts)

    def _allowed(self, part: PartFile) -> bool:
        if not self._ahead or part.started or part in self._wanted:
            return True
        on_disk = sum(each.file.size for each in self.parts if each.started and not each.consumed)
        return on_disk == 0 or on_disk + part.file.size <= self._ahead
