"""PyTorch weight files (`pytorch_model*.bin`, `consolidated*.pth`): a zip with a pickle of tensor views and one entry
of raw numbers for each storage (torch/serialization.py). Headers through any byte source; weights memory-mapped, with
strides, offsets and storages shared between tensors honoured."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ..errors import Code, ModelyardError
from .checkpoint_map import MappedFile
from .checkpoint_tensor import FileRange, ShardData, StoredTensor, element_bytes, numpy_name
from .torch_globals import TensorView
from .torch_pickle import MAX_PICKLE_BYTES, load_tensor_pickle
from .zip_directory import STORED, ZipEntry, data_offset, read_entry, read_zip_directory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .source import ByteSource

_LEGACY_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # pickle of torch.serialization.MAGIC_NUMBER
_WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "weights")  # where trainers put the tensors
_MAX_BROADCAST = 1 << 36  # elements a tensor may show beyond its storage (torch.Tensor.expand)


@dataclass(frozen=True)
class TorchHeader:
    """A checked PyTorch file. `tensors` in the pickle's order, as llama.cpp reads them; `views` belongs to them one by
    one; `entries`: the zip entry of each storage."""

    name: str
    size: int
    tensors: tuple[StoredTensor, ...]
    views: tuple[TensorView, ...]
    entries: dict[str, ZipEntry]

    def offset_of(self, source: ByteSource, name: str) -> int:
        """Where the numbers of a contiguous tensor begin in the file. Raises ZIP_INVALID."""
        names = [tensor.name for tensor in self.tensors]
        view = self.views[names.index(name)]
        entry = self.entries[view.storage.key]
        return data_offset(source, entry) + view.offset * (element_bytes(view.dtype) or 1)

    def open_data(self, where: FileRange) -> ShardData:
        """Map the weights. Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED, ZIP_INVALID."""
        return TorchData(self, where)


def read_torch_header(source: ByteSource, name: str = "") -> TorchHeader:
    """Read and check a PyTorch file's pickle and zip directory; no weights. `name`: the file's name within its folder,
    if `source` does not know it.

    Raises TORCH_LEGACY (before PyTorch 1.6, not a zip), TORCH_UNSAFE (asks for code), TORCH_INVALID, ZIP_INVALID,
    FILE_TOO_BIG (a pickle beyond 64 MB).
    """
    name = name or source.name
    start = source.read_at(0, len(_LEGACY_MAGIC))
    if start == _LEGACY_MAGIC:
        raise ModelyardError(Code.TORCH_LEGACY, name=name)
    if start[:4] != b"PK\x03\x04":
        raise ModelyardError(Code.TORCH_INVALID, name=name, detail="not a PyTorch file")
    entries = read_zip_directory(source)
    prefix = _archive_prefix(entries, name)
    if _order_of_bytes(source, entries.get(f"{prefix}byteorder")) == b"big":
        raise ModelyardError(Code.TORCH_INVALID, name=name, detail="big-endian numbers")
    value = load_tensor_pickle(read_entry(source, entries[f"{prefix}data.pkl"], MAX_PICKLE_BYTES), name)
    found = _tensors_of(value, name)
    storages: dict[str, ZipEntry] = {}
    for key, view in found.items():
        entry = entries.get(f"{prefix}data/{view.storage.key}")
        if entry is None or entry.method != STORED or entry.packed_bytes != entry.size:
            raise ModelyardError(Code.TORCH_INVALID, name=name, detail=f"{key[:80]}: its numbers are not in the file")
        _check_view(view, entry, key, name)
        storages[view.storage.key] = entry
    return TorchHeader(
        name=name,
        size=source.size,
        tensors=tuple(StoredTensor(key, view.dtype, view.shape, name) for key, view in found.items()),
        views=tuple(found.values()),
        entries=storages,
    )


def _archive_prefix(entries: dict[str, ZipEntry], name: str) -> str:
    """The folder everything lies in: "archive/" or the file's own first name."""
    for entry in entries:
        folder, _, last = entry.rpartition("/")
        if last == "data.pkl" and "/" not in folder:
            return entry.removesuffix(last)
    raise ModelyardError(Code.TORCH_INVALID, name=name, detail="a zip without data.pkl")


def _order_of_bytes(source: ByteSource, entry: ZipEntry | None) -> bytes:
    return read_entry(source, entry, 16) if entry else b"little"


def _tensors_of(value: Any, name: str) -> dict[str, TensorView]:
    """The tensors of the outermost dictionary, or of the one a trainer wrapped them in."""
    for _ in range(3):
        if not isinstance(value, dict):
            break
        found = {key: item for key, item in value.items() if isinstance(key, str) and isinstance(item, TensorView)}
        if found:
            return found
        value = next((value[key] for key in _WRAPPERS if key in value), None)
    raise ModelyardError(Code.TORCH_INVALID, name=name, detail="no table of tensors")


def _check_view(view: TensorView, entry: ZipEntry, key: str, name: str) -> None:
    item = element_bytes(view.dtype) or 1
    stored = view.storage.elements * (element_bytes(view.storage.dtype) or 1)
    elements = prod(view.shape)
    last = view.offset + sum((n - 1) * stride for n, stride in zip(view.shape, view.strides, strict=True))
    if stored > entry.size or (elements and (last + 1) * item > stored):
        raise ModelyardError(Code.TORCH_INVALID, name=name, detail=f"{key[:80]}: reaches beyond its storage")
    if elements > max(_MAX_BROADCAST, stored):
        raise ModelyardError(Code.TORCH_INVALID, name=name, detail=f"{key[:80]}: shape {list(view.shape)}")


class TorchData:
    """The weights of one PyTorch file, memory-mapped. Thread-safe."""

    def __init__(self, header: TorchHeader, where: FileRange) -> None:
        """Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED, ZIP_INVALID."""
        if where.size != header.size:
            raise ModelyardError(Code.FILE_CHANGED, name=header.name)
        self._file = MappedFile(where, header.name)
        source = _MappedSource(self._file, header.name, header.size)
        begins = {key: data_offset(source, entry) for key, entry in header.entries.items()}
        self._places = {
            tensor.name: (view, begins[view.storage.key])
            for tensor, view in zip(header.tensors, header.views, strict=True)
        }

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Rows [start, stop), read-only; a view of the mapping where the strides allow it, else those rows copied.

        Raises KeyError for a name the header does not have.
        """
        import numpy as np

        view, begin = self._places[name]
        dtype = np.dtype(numpy_name(view.dtype))
        columns = view.shape[-1] if view.shape else 1
        if start >= stop or columns == 0:
            return np.empty((stop - start, columns), dtype)
        shape, strides = (view.shape, view.strides) if view.shape else ((1,), (1,))
        last = sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
        flat = self._file.array(dtype.str, begin + view.offset * dtype.itemsize, last + 1)
        whole = np.lib.stride_tricks.as_strided(
            flat, shape, tuple(stride * dtype.itemsize for stride in strides), writeable=False
        )
        lead = shape[:-1]
        pitch = _row_pitch(lead, strides[:-1])
        if pitch is not None:
            rows = np.lib.stride_tricks.as_strided(
                whole, (prod(lead), columns), (pitch * dtype.itemsize, strides[-1] * dtype.itemsize), writeable=False
            )
            return rows[start:stop]
        return np.asarray(whole[np.unravel_index(np.arange(start, stop), lead)])

    def close(self) -> None:
        self._file.close()


def _row_pitch(lead: tuple[int, ...], strides: tuple[int, ...]) -> int | None:
    """Elements from one row to the next if all rows are evenly spaced, else None."""
    pitch, expected = 0, None
    for n, stride in reversed([pair for pair in zip(lead, strides, strict=True) if pair[0] != 1]):
        if expected is None:
            pitch = stride
        elif stride != expected:
            return None
        expected = stride * n
    return pitch


class _MappedSource:
    """The mapped file as a byte source, for the local headers of the zip."""

    def __init__(self, file: MappedFile, name: str, size: int) -> None:
        self._file, self.name, self.size = file, name, size

    def read_at(self, offset: int, length: int) -> bytes:
        return self._file.array("u1", offset, max(0, min(length, self.size - offset))).tobytes()
