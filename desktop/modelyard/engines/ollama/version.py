"""Versions of Ollama and what changed between them, as far as it matters to us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


@total_ordering
@dataclass(frozen=True)
class Version:
    """Compared by its numbers. A build without a version ("0.0.0", developers' builds) is not `known`."""

    text: str

    @property
    def numbers(self) -> tuple[int, int, int]:
        found = _NUMBERS.match(self.text)
        return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)

    @property
    def known(self) -> bool:
        return self.numbers != (0, 0, 0)

    def __lt__(self, other: Version) -> bool:
        return self.numbers < other.numbers

    @property
    def keeps_gguf(self) -> bool:
        """Since 0.34.1 (pull request 14969) a GGUF is kept byte for byte, and a create goes on without its client.
        Before, llama-quantize wrote it anew. Unknown builds count as old where space is reckoned."""
        return self.known and self.numbers >= (0, 34, 1)

    @property
    def linked_manifests(self) -> bool:
        """Since 0.40 manifests are blobs, and an older Ollama on the same folder would remove nearly all of them."""
        return self.known and self.numbers >= (0, 40, 0)


def space_needed(version: Version, size: int, *, linked: bool) -> int:
    """Bytes that adding a GGUF of `size` takes at its peak on the store's drive, besides the file itself.

    Kept as it is: the uploaded blob, or nothing if linked. Rewritten (0.33): the blob, a copy, and the copy's copy."""
    blob = 0 if linked else size
    return blob if version.keeps_gguf else blob + 2 * size
