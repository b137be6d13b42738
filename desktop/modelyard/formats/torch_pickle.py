"""A pickle machine that can only rebuild tensors.

Not Python's unpickler with a filter: a small machine of its own over the opcodes PyTorch writes, so that nothing can be
imported or called, and the memory and time of a hostile file are bounded. Tensors become TensorView descriptions; any
other global is refused by name.

Opcodes: CPython Lib/pickle.py; what PyTorch writes: torch/serialization.py, _utils.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from ..errors import Code, ModelyardError
from .torch_globals import GLOBALS, Function, Refused, Storage, StorageType, TensorView

MAX_PICKLE_BYTES = 64 * 1024 * 1024
_MAX_OPCODES = 8_000_000
_MAX_MEMO = 2_000_000
_MAX_LONG_BYTES = 16
_MAX_ARGUMENTS = 16


class _Unsafe(Exception):
    """The pickle asks for a global that is not about tensors; the text is its name."""


class _Mark:
    pass


_MARK = _Mark()


def load_tensor_pickle(data: bytes, name: str) -> Any:
    """The value the pickle describes: containers, numbers, text, and TensorView for tensors.

    Raises TORCH_UNSAFE (field `wants`: the global asked for), TORCH_INVALID. Nothing is imported or run.
    """
    if len(data) > MAX_PICKLE_BYTES:
        raise ModelyardError(Code.FILE_TOO_BIG, name=name, size_bytes=len(data), limit_bytes=MAX_PICKLE_BYTES)
    try:
        return _Machine(data).run()
    except _Unsafe as error:
        raise ModelyardError(Code.TORCH_UNSAFE, name=name, wants=str(error)) from error
    except Refused as error:
        raise ModelyardError(Code.TORCH_INVALID, name=name, detail=str(error)) from error
    except (struct.error, IndexError, KeyError, TypeError, ValueError) as error:
        # A cut-off argument, an empty stack, a memo slot never filled, a list where a tensor's shape belongs.
        raise ModelyardError(
            Code.TORCH_INVALID, name=name, detail=f"damaged pickle ({type(error).__name__})"
        ) from error


def _set_item(target: Any, key: Any, value: Any) -> None:
    # Only plain keys: hashing nested tuples that share parts can take exponential time.
    if not isinstance(target, dict) or not isinstance(key, str | int | float | None):
        raise Refused(f"a {type(key).__name__} as dictionary key")
    target[key] = value


# --- the machine ----------------------------------------------------------------------------------------------------
class _Machine:
    """One run over one pickle. The stack holds plain values, _MARK between groups."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(_MAX_OPCODES):
            code = self._take(1)[0]
            if code == 0x2E:  # STOP
                return self._pop()
            step = _STEPS.get(code)
            if step is None:
                raise Refused(f"pickle operation 0x{code:02x}")
            step(self)
        raise Refused(f"more than {_MAX_OPCODES} pickle operations")

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise Refused("the pickle is cut off")
        part = self._data[self._at : end]
        self._at = end
        return part

    def _number(self, form: str) -> int:
        (value,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return int(value)

    def _line(self) -> str:
        end = self._data.find(b"\n", self._at, self._at + 1024)
        if end < 0:
            raise Refused("a name without end")
        line = self._data[self._at : end]
        self._at = end + 1
        return line.decode("utf-8")

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise Refused("an unbalanced stack")
        return value

    def _top(self) -> Any:
        if self._stack[-1] is _MARK:
            raise Refused("an unbalanced stack")
        return self._stack[-1]

    def _group(self) -> list[Any]:
        """Everything above the last mark; the mark goes too."""
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise Refused("an unbalanced stack")
        group = self._stack[at + 1 :]
        del self._stack[at:]
        return group

    def _tuple(self, count: int) -> None:
        parts = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(parts)))

    def _long(self, count: int) -> None:
        if count > _MAX_LONG_BYTES:
            raise Refused(f"a number of {count} bytes")
        self._push(int.from_bytes(self._take(count), "little", signed=True))

    def _put(self, index: int) -> None:
        if len(self._memo) >= _MAX_MEMO:
            raise Refused(f"more than {_MAX_MEMO} remembered values")
        self._memo[index] = self._top()

    def _set_items(self) -> None:
        group = self._group()
        if len(group) % 2:
            raise Refused("a key without value")
        target = self._top()
        for key, value in zip(group[::2], group[1::2], strict=True):
            _set_item(target, key, value)

    def _append(self, values: list[Any]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise Refused("an append to something else")
        target.extend(values)

    def _append_one(self) -> None:
        value = self._pop()
        self._append([value])

    def _set_one(self) -> None:
        value, key = self._pop(), self._pop()
        _set_item(self._top(), key, value)

    def _global(self, module: str, name: str) -> None:
        known = GLOBALS.get((module, name))
        if known is None:
            raise _Unsafe(f"{module}.{name}"[:200])
        self._push(known)

    def _line_global(self) -> None:
        module = self._line()
        self._global(module, self._line())

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise Refused("a global without name")
        self._global(module, name)

    def _reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        # A long argument list, built once and used a million times, would cost hours.
        if not isinstance(function, Function) or not isinstance(arguments, tuple) or len(arguments) > _MAX_ARGUMENTS:
            raise Refused("a call of something that is no function")
        self._push(function.call(*arguments))

    def _build(self) -> None:
        """State of an OrderedDict (`_metadata`) or a parameter: nothing we need."""
        self._pop()
        if not isinstance(self._top(), dict | TensorView):
            raise Refused("state for something that has none")

    def _persistent(self) -> None:
        identity = self._pop()
        if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
            raise Refused("a storage without identity")
        kind, key, elements = identity[1], identity[2], identity[4]
        if not isinstance(kind, StorageType) or not isinstance(key, str) or type(elements) is not int or elements < 0:
            raise Refused("a storage without identity")
        if len(key) > 64 or not key.replace("_", "").isalnum():
            raise Refused(f"storage named {key[:40]!r}")
        self._push(Storage(key, kind.dtype, elements))

    def _protocol(self) -> None:
        version = self._take(1)[0]
        if version > 5:
            raise Refused(f"pickle protocol {version}")

    def _frame(self) -> None:
        self._take(8)  # how much to read ahead; everything is in memory already

    def _drop(self) -> None:
        self._stack.pop()

    def _drop_group(self) -> None:
        self._group()

    def _double(self) -> None:
        (value,) = struct.unpack(">d", self._take(8))
        self._push(value)

    def _text(self, form: str) -> None:
        self._push(self._take(self._number(form)).decode("utf-8", "surrogatepass"))


_STEPS: dict[int, Callable[[_Machine], None]] = {
    0x80: _Machine._protocol,  # PROTO
    0x95: _Machine._frame,  # FRAME
    0x28: lambda m: m._push(_MARK),  # MARK
    0x30: _Machine._drop,  # POP
    0x31: _Machine._drop_group,  # POP_MARK
    0x32: lambda m: m._push(m._top()),  # DUP
    0x4E: lambda m: m._push(None),  # NONE
    0x88: lambda m: m._push(True),  # NEWTRUE
    0x89: lambda m: m._push(False),  # NEWFALSE
    0x4A: lambda m: m._push(m._number("<i")),  # BININT
    0x4B: lambda m: m._push(m._take(1)[0]),  # BININT1
    0x4D: lambda m: m._push(m._number("<H")),  # BININT2
    0x8A: lambda m: m._long(m._take(1)[0]),  # LONG1
    0x47: _Machine._double,  # BINFLOAT
    0x58: lambda m: m._text("<I"),  # BINUNICODE
    0x8C: lambda m: m._text("<B"),  # SHORT_BINUNICODE
    0x5D: lambda m: m._push([]),  # EMPTY_LIST
    0x7D: lambda m: m._push({}),  # EMPTY_DICT
    0x29: lambda m: m._push(()),  # EMPTY_TUPLE
    0x85: lambda m: m._tuple(1),  # TUPLE1
    0x86: lambda m: m._tuple(2),  # TUPLE2
    0x87: lambda m: m._tuple(3),  # TUPLE3
    0x74: lambda m: m._push(tuple(m._group())),  # TUPLE
    0x6C: lambda m: m._push(m._group()),  # LIST
    0x61: _Machine._append_one,  # APPEND
    0x65: lambda m: m._append(m._group()),  # APPENDS
    0x73: _Machine._set_one,  # SETITEM
    0x75: _Machine._set_items,  # SETITEMS
    0x71: lambda m: m._put(m._take(1)[0]),  # BINPUT
    0x72: lambda m: m._put(m._number("<I")),  # LONG_BINPUT
    0x94: lambda m: m._put(len(m._memo)),  # MEMOIZE
    0x68: lambda m: m._push(m._memo[m._take(1)[0]]),  # BINGET
    0x6A: lambda m: m._push(m._memo[m._number("<I")]),  # LONG_BINGET
    0x63: _Machine._line_global,  # GLOBAL
    0x93: _Machine._stack_global,  # STACK_GLOBAL
    0x52: _Machine._reduce,  # REDUCE
    0x62: _Machine._build,  # BUILD
    0x51: _Machine._persistent,  # BINPERSID
}
"""The operations PyTorch's pickles use. INST, OBJ, NEWOBJ, EXT, textual numbers and byte strings are not among them."""
