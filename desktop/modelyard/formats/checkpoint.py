"""A checkpoint as its headers describe it: configuration, small files, the ordered table of tensors, and how to read
rows of them. Made from a local folder, a zip, or a remote repository whose weights are not here yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import Code, ModelyardError
from .checkpoint_files import FileTree, SmallFiles
from .checkpoint_tensor import FileRange, ShardData, ShardHeader, StoredTensor
from .source import FarSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

Locate = Callable[[str], FileRange]
"""Where the bytes of the named shard lie on this computer. May block until it is downloaded."""

_MAX_PEEK = 64 * 1024
_SAMPLES = 16  # of a large tensor far away; a megabyte is compared whole


class RowReader(Protocol):
    """Reads rows of tensors; convert.content.WeightReader that can be closed. Thread-safe."""

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]: ...

    def close(self) -> None: ...


class TensorTable(Protocol):
    """What a converter needs: a Checkpoint itself, or one seen through a view (dequantised, merged with an add-on).

    name: the folder's or repository's name. config: config.json (params.json of the original Mistral and Llama forms).
    tensors: name → tensor in llama.cpp's reading order. original: the outtype llama.cpp's `auto` chooses
    ("f16", "bf16"). base_model: what the small files say this was made from, None if they do not.
    """

    @property
    def name(self) -> str: ...

    @property
    def config(self) -> Mapping[str, Any]: ...

    @property
    def files(self) -> SmallFiles: ...

    @property
    def tensors(self) -> Mapping[str, StoredTensor]: ...

    @property
    def original(self) -> str: ...

    @property
    def base_model(self) -> str | None: ...

    def shards_of(self, name: str) -> tuple[str, ...]:
        """The weight files the tensor's numbers come from: what has to be here before it can be read."""
        ...

    def peek(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of a few tiny stored tensors (at most 64 KB each), also of a remote checkpoint."""
        ...

    def alike(self, first: str, second: str) -> bool:
        """Whether two tensors hold the same numbers in the same form. Of a remote checkpoint, whose weights are not
        here, small tensors are compared whole and large ones in many places from beginning to end."""
        ...

    def reader(self, locate: Locate | None = None) -> RowReader: ...


@dataclass(frozen=True)
class Checkpoint:
    """See TensorTable. `shards` are in reading order. `risks`: "pickle" (a PyTorch file; read without running it),
    "remote_code" (the configuration asks for the repository's own program; never run). `tree`: all
    files of the folder. `locate` is None when the weights are elsewhere; a reader then needs one."""

    name: str
    config: Mapping[str, Any]
    files: SmallFiles
    shards: tuple[ShardHeader, ...]
    tensors: Mapping[str, StoredTensor]
    original_format: bool
    risks: tuple[str, ...]
    base_model: str | None
    tree: FileTree
    locate: Locate | None = None

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weight files together: what would be downloaded."""
        return sum(shard.size for shard in self.shards)

    @property
    def original(self) -> str:
        return guessed_outtype(self.tensors.values())

    def shards_of(self, name: str) -> tuple[str, ...]:
        return (self.tensors[name].shard,)

    def peek(self, names: Iterable[str]) -> dict[str, bytes]:
        """See TensorTable. Raises FILE_MISSING, FILE_UNREADABLE, FILE_TOO_BIG; KeyError for an unknown name."""
        by_shard: dict[str, list[str]] = {}
        for name in names:
            by_shard.setdefault(self.tensors[name].shard, []).append(name)
        found: dict[str, bytes] = {}
        headers = {shard.name: shard for shard in self.shards}
        for shard, wanted in by_shard.items():
            for name in wanted:
                if (size := self.tensors[name].nbytes) > _MAX_PEEK:
                    raise ModelyardError(Code.FILE_TOO_BIG, name=name, size_bytes=size, limit_bytes=_MAX_PEEK)
            with self.tree.open(shard) as source:
                places = {name: (headers[shard].offset_of(source, name), self.tensors[name].nbytes) for name in wanted}
                if isinstance(source, FarSource):
                    source.expect(list(places.values()))
                for name, (offset, size) in places.items():
                    found[name] = source.read_at(offset, size)
        return found

    def alike(self, first: str, second: str) -> bool:
        """See TensorTable. Raises FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED; KeyError for an unknown name."""
        one, other = self.tensors[first], self.tensors[second]
        if (one.dtype, one.shape) != (other.dtype, other.shape):
            return False
        if self.locate is None:
            return self._sample(one) == self._sample(other)
        reader = self.reader()
        try:
            step = max(1, _MAX_PEEK * one.rows // max(1, one.nbytes))
            spans = ((start, min(start + step, one.rows)) for start in range(0, one.rows, step))
            return all((reader.read(first, *span) == reader.read(second, *span)).all() for span in spans)
        finally:
            reader.close()

    def _sample(self, tensor: StoredTensor) -> list[bytes]:
        header = next(shard for shard in self.shards if shard.name == tensor.shard)
        size = min(_MAX_PEEK, tensor.nbytes)
        steps = max(1, min(_SAMPLES, -(-tensor.nbytes // _MAX_PEEK)) - 1)
        with self.tree.open(tensor.shard) as source:
            start = header.offset_of(source, tensor.name)
            places = [(start + (tensor.nbytes - size) * step // steps, size) for step in range(steps + 1)]
            if isinstance(source, FarSource):
                source.expect(places)
            return [source.read_at(*place) for place in places]

    def reader(self, locate: Locate | None = None) -> RowReader:
        """A reader of rows. `locate` replaces the checkpoint's own (a download, a work folder). Close it after use.

        read() raises KeyError (unknown name), FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED.
        """
        where = locate or self.locate
        if where is None:
            raise ValueError("the weights are not on this computer")
        return CheckpointReader(self.shards, self.tensors, where)


def order_tensors(shards: Iterable[ShardHeader]) -> dict[str, StoredTensor]:
    """All tensors in reading order. A name met again keeps its first place and takes the later data, as llama.cpp's
    dictionary of tensors does (conversion/base.py, index_tensors)."""
    return {tensor.name: tensor for shard in shards for tensor in shard.tensors}


def guessed_outtype(tensors: Iterable[StoredTensor]) -> str:
    """llama.cpp's `--outtype auto`: the first tensor of two or more dimensions that is BF16 or F16 decides, otherwise
    F16 (conversion/base.py, ModelBase.__init__)."""
    for tensor in tensors:
        if len(tensor.shape) >= 2 and tensor.dtype in ("BF16", "F16"):
            return tensor.dtype.lower()
    return "f16"


class CheckpointReader:
    """Rows of any tensor of a set of shards, each mapped when first needed. Thread-safe."""

    def __init__(self, shards: Iterable[ShardHeader], tensors: Mapping[str, StoredTensor], locate: Locate) -> None:
        self._shards = {shard.name: shard for shard in shards}
        self._tensors = tensors
        self._locate = locate
        self._open: dict[str, ShardData] = {}
        self._locks = {name: threading.Lock() for name in self._shards}

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Rows [start, stop) in the stored type, read-only. Raises ValueError for rows the tensor does not have."""
        tensor = self._tensors[name]
        if not 0 <= start <= stop <= tensor.rows:
            raise ValueError(f"rows {start} to {stop} of {tensor.rows}")
        data = self._open.get(tensor.shard) or self._opened(tensor.shard)
        return data.read(name, start, stop)

    def _opened(self, shard: str) -> ShardData:
        with self._locks[shard]:  # one a shard: waiting for a download must not stop readers of others
            data = self._open.get(shard)
            if data is None:
                data = self._open[shard] = self._shards[shard].open_data(self._locate(shard))
            return data

    def close(self) -> None:
        """Unmap everything. Reading again maps again."""
        while self._open:
            try:
                _, data = self._open.popitem()
            except KeyError:
                return
            data.close()


def architecture_of(config: Mapping[str, Any], name: str) -> str:
    """The architecture class (`LlamaForCausalLM`), chosen as llama.cpp does (conversion/base.py,
    get_model_architecture). `name`: the folder's, for the message. Raises CHECKPOINT_NO_ARCHITECTURE."""
    own = _first_text(config.get("architectures"))
    if own in _WHOLE_NAME_DECIDES:
        return own
    texts = [config.get(name) for name in _TEXT_NAMES]
    text = next((each for each in texts if isinstance(each, dict)), {})
    inner = _first_text(text.get("architectures"))
    found = inner or own
    if found is None and isinstance(config.get("ssm_cfg"), dict):  # Mamba in its first form, before transformers
        layer = config["ssm_cfg"].get("layer", "Mamba")
        found = f"{layer}ForCausalLM" if isinstance(layer, str) else None
    if found is None:
        raise ModelyardError(Code.CHECKPOINT_NO_ARCHITECTURE, name=name)
    return found


_TEXT_NAMES = ("lfm", "language_config", "lm_config", "llm_config", "text_config")  # the first that is there
_WHOLE_NAME_DECIDES = (
    "StepVLForConditionalGeneration",
    "Sarashina2VisionForCausalLM",
    "Exaone4_5_ForConditionalGeneration",
    "Step3p7ForConditionalGeneration",
    "KimiK3ForConditionalGeneration",
    "DeepseekOCRForCausalLM",
    "DeepseekOCR2ForCausalLM",
    "UnlimitedOCRForCausalLM",
)


def _first_text(value: Any) -> str | None:
    if isinstance(value, list) and value and isinstance(value[0], str) and len(value[0]) <= 200:
        return value[0]
    return None
