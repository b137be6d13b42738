"""What the globals in a PyTorch pickle stand for here: storages, element types and tensor views, nothing that runs.
(torch/_utils.py, torch/storage.py.)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .checkpoint_tensor import MAX_DIMENSIONS

_DTYPES = {
    "float64": "F64",
    "double": "F64",
    "float32": "F32",
    "float": "F32",
    "float16": "F16",
    "half": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
}
_STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "UntypedStorage": "U8",
}


@dataclass(frozen=True)
class Storage:
    """A block of numbers that tensors look into: entry `data/<key>` of the zip. `dtype` of an untyped one is U8."""

    key: str
    dtype: str
    elements: int


@dataclass(frozen=True)
class TensorView:
    """What a tensor sees of its storage; `offset` and `strides` count elements of `dtype`."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Refused(Exception):
    """The pickle does something no tensor file does; the text says what."""


@dataclass(frozen=True)
class Dtype:
    name: str


@dataclass(frozen=True)
class StorageType:
    dtype: str


@dataclass(frozen=True)
class Function:
    call: Callable[..., Any]


def _rebuild_tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorView:
    if not isinstance(storage, Storage):
        raise Refused("a tensor without storage")
    return _view(storage, storage.dtype, offset, shape, strides)


def _rebuild_tensor_v3(
    storage: Any, offset: Any, shape: Any, strides: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> TensorView:
    if not isinstance(storage, Storage) or not isinstance(dtype, Dtype):
        raise Refused("a tensor without storage")
    return _view(storage, dtype.name, offset, shape, strides)


def _rebuild_parameter(data: Any, *_: Any) -> TensorView:
    if not isinstance(data, TensorView):
        raise Refused("a parameter without tensor")
    return data


def _view(storage: Storage, dtype: str, offset: Any, shape: Any, strides: Any) -> TensorView:
    if not isinstance(shape, tuple) or not isinstance(strides, tuple) or len(shape) > MAX_DIMENSIONS:
        raise Refused("a tensor with impossible shape")
    numbers = (offset, *shape, *strides)
    if len(shape) != len(strides) or not all(type(number) is int and 0 <= number < 1 << 48 for number in numbers):
        raise Refused("a tensor with impossible shape")
    return TensorView(storage, dtype, offset, tuple(shape), tuple(strides))


def _ordered_dict() -> dict[Any, Any]:
    return {}  # filled by later operations


def _size(numbers: Any = ()) -> tuple[Any, ...]:
    if not isinstance(numbers, tuple | list) or len(numbers) > MAX_DIMENSIONS:
        raise Refused("torch.Size of something else")
    return tuple(numbers)


def _device(*_: Any) -> None:
    return None


GLOBALS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Function(_ordered_dict),
    ("torch", "Size"): Function(_size),
    ("torch", "device"): Function(_device),
    ("torch._utils", "_rebuild_tensor"): Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Function(_rebuild_tensor_v3),
    ("torch._utils", "_rebuild_parameter"): Function(_rebuild_parameter),
    ("torch._utils", "_rebuild_parameter_with_state"): Function(_rebuild_parameter),
    **{("torch", name): Dtype(dtype) for name, dtype in _DTYPES.items()},
    **{
        (module, name): StorageType(dtype) for module in ("torch", "torch.storage") for name, dtype in _STORAGES.items()
    },
}
