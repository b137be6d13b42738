"""The small files beside the weights, and where they come from: a folder here, a zip, a repository on a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..errors import Code, ModelyardError
from .json_bounded import parse_object
from .source import ByteSource

SMALL_FILES = (
    "config.json",
    "params.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "added_tokens.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "tekken.json",
    "tiktoken.model",
    "qwen.tiktoken",
    "hy.tiktoken",
    "rwkv_vocab_v20230424.txt",
    "tokenizer.jsonl",
    "chat_template.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    "hf_quant_config.json",
    "quantize_config.json",
    "quant_config.json",
    "modules.json",
    "1_Dense/model.safetensors",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "adapter_config.json",
    "README.md",
)
"""Every small file a conversion may look at: what has to be fetched of a remote repository. Further ones may lie in
`additional_chat_templates/` and `1_Pooling/`."""

MAX_SMALL_FILE = 128 * 1024 * 1024
"""What any small file may have at most."""

_MB = 1024 * 1024
_MOST = {"tokenizer.json": 64, "vocab.json": 32, "tekken.json": 64, "tokenizer.model": 64}
_MOST |= dict.fromkeys(("tiktoken.model", "qwen.tiktoken", "hy.tiktoken"), 8)  # published ones have 3 MB
_MOST_OF_INDEX, _MOST_OF_JSON = 64, 16  # the largest published: 33 MB tokenizer.json, 20 MB index, 5 MB config.json


def most_bytes(name: str) -> int:
    """What a file of that name may have: JSON takes many times its length in memory."""
    if name.endswith(".index.json"):
        return _MOST_OF_INDEX * _MB
    if name in _MOST:
        return _MOST[name] * _MB
    return _MOST_OF_JSON * _MB if name.endswith((".json", ".jinja")) else MAX_SMALL_FILE


class FileTree(Protocol):
    """A folder of files that can be read from. File names use "/" and are relative to it."""

    @property
    def name(self) -> str:
        """The folder's own name; general.name of a GGUF may be guessed from it."""
        ...

    def names(self) -> Sequence[str]:
        """Files in it and one level below, in any order."""
        ...

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """Raises FILE_MISSING, FILE_UNREADABLE, CHECKPOINT_ESCAPES."""
        ...


class SmallFiles:
    """The small files of a checkpoint, read when asked for, each at most `most_bytes`. `extra` files (fetched from
    the base model) come before the folder's own."""

    def __init__(self, tree: FileTree, extra: Mapping[str, bytes] | None = None) -> None:
        self._tree = tree
        self._extra = dict(extra or {})
        self.names = tuple(sorted({*tree.names(), *self._extra}))

    def with_extra(self, extra: Mapping[str, bytes]) -> SmallFiles:
        """The same files with `extra` over them."""
        return SmallFiles(self._tree, {**self._extra, **extra})

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def read(self, name: str) -> bytes | None:
        """The file's content, None if there is no such file. Raises FILE_TOO_BIG, FILE_UNREADABLE."""
        if name in self._extra:
            return self._extra[name]
        if name not in self.names:
            return None
        with self._tree.open(name) as source:
            limit = most_bytes(name)
            if source.size > limit:
                raise ModelyardError(Code.FILE_TOO_BIG, name=name, size_bytes=source.size, limit_bytes=limit)
            return source.read_at(0, source.size)

    def head(self, name: str, most: int) -> bytes | None:
        """The first `most` bytes of a file of any size, None if there is no such file. Raises FILE_UNREADABLE."""
        if name in self._extra:
            return self._extra[name][:most]
        if name not in self.names:
            return None
        with self._tree.open(name) as source:
            return source.read_at(0, min(source.size, most))

    def text(self, name: str) -> str | None:
        """The file as UTF-8 text, wrong bytes replaced; None if there is no such file."""
        data = self.read(name)
        return None if data is None else data.decode("utf-8-sig", "replace")

    def json(self, name: str) -> dict[str, Any] | None:
        """The file as a JSON object; None if there is no such file. Raises JSON_INVALID."""
        data = self.read(name)
        return None if data is None else parse_object(data, name)
