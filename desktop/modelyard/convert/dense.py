"""sentence-transformers' dense layer behind an embedding model, in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import Code, ModelyardError
from ..formats.checkpoint_tensor import numpy_name
from ..formats.safetensors import read_safetensors_header
from . import lazy
from .lazy import Lazy
from .model import Model
from .weights import to_float32

DENSE = "1_Dense/model.safetensors"
_WEIGHT = "linear.weight"


@dataclass(frozen=True)
class _Bytes:
    """A ByteSource over a file that has been read."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]


def dense_layer(model: Model) -> Lazy | None:
    """Its matrix [length of the vector, width], None if there is no such file. Raises SAFETENSORS_TRUNCATED,
    SAFETENSORS_INVALID, TENSOR_MISSING, FILE_TOO_BIG."""
    data = model.files.read(DENSE)
    if data is None:
        return None
    source = _Bytes(DENSE, data)
    header = read_safetensors_header(source)
    stored = next((tensor for tensor in header.tensors if tensor.name == _WEIGHT), None)
    if stored is None or len(stored.shape) != 2:
        raise ModelyardError(Code.TENSOR_MISSING, name=f"{DENSE}: {_WEIGHT}")
    begin = header.offset_of(source, _WEIGHT)
    numbers = np.frombuffer(data[begin : begin + stored.nbytes], numpy_name(stored.dtype))
    return lazy.constant(to_float32(numbers, stored.dtype).reshape(stored.shape))
