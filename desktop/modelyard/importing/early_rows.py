"""Rows of a checkpoint whose shards are still on their way: each read waits for just its own bytes.

Bytes of a file are used before the whole file's hash is known. That is safe because a result counts only after every
file was verified, and a file in which a fault was found on the way (`faulty`) makes the result be thrown away.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..events import CancelToken
from ..formats.checkpoint import Checkpoint, Locate, RowReader
from ..formats.checkpoint_tensor import StoredTensor, numpy_name
from ..formats.safetensors import SafetensorsHeader
from ..hub.fetch.fetch import Fetch

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class EarlyCheckpoint(Checkpoint):
    """A remote checkpoint whose weights a running fetch brings."""

    fetch: Fetch | None = None
    cancel: CancelToken = field(default_factory=CancelToken)

    def reader(self, locate: Locate | None = None) -> RowReader:
        assert self.fetch is not None
        whole = super().reader(locate)
        # Windows does not let a file be renamed while somebody reads it; there whole files are waited for.
        return whole if os.name == "nt" else EarlyRows(whole, self._begins, self.tensors, self.fetch, self.cancel)

    def is_here(self, name: str) -> bool:
        """True if the stored tensor can be read without waiting."""
        assert self.fetch is not None
        tensor = self.tensors[name]
        begin = self._begins.get(name)
        if begin is None or os.name == "nt":
            return self.fetch.is_verified(tensor.shard)
        return self.fetch.has(tensor.shard, begin, tensor.nbytes)

    @cached_property
    def _begins(self) -> Mapping[str, int]:
        """Where tensors begin in their shards, as far as headers tell."""
        begins = {
            (shard.name, tensor.name): begin
            for shard in self.shards
            if isinstance(shard, SafetensorsHeader)
            for tensor, begin in zip(shard.tensors, shard.begins, strict=True)
        }
        places = ((name, begins.get((tensor.shard, name))) for name, tensor in self.tensors.items())
        return {name: begin for name, begin in places if begin is not None}


class EarlyRows:
    """See the module. Shards that are not safetensors are read when they are whole. Thread-safe."""

    def __init__(
        self,
        whole: RowReader,
        begins: Mapping[str, int],
        tensors: Mapping[str, StoredTensor],
        fetch: Fetch,
        cancel: CancelToken,
    ) -> None:
        self._whole = whole
        self._tensors = tensors
        self._fetch = fetch
        self._cancel = cancel
        self._begins = begins

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """As CheckpointReader.read; raises HUB_*, DISK_FULL and Cancelled besides."""
        import numpy as np

        tensor = self._tensors[name]
        begin = self._begins.get(name)
        if begin is None:
            return self._whole.read(name, start, stop)
        row_bytes = tensor.nbytes // max(1, tensor.rows)
        offset, length = begin + start * row_bytes, (stop - start) * row_bytes
        for last_try in (False, True):
            path = self._fetch.wait_for(tensor.shard, offset, length, self._cancel)
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    data = file.read(length)
                break
            except FileNotFoundError:
                if last_try:
                    raise
                # It got its final name between the answer and the opening.
        return np.frombuffer(data, numpy_name(tensor.dtype)).reshape(stop - start, tensor.columns)

    def close(self) -> None:
        self._whole.close()
