"""One checkpoint on its way: its configuration, its small files, and what should be said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..formats.checkpoint_files import SmallFiles
from ..formats.checkpoint_tensor import StoredTensor
from .config import Config


@dataclass
class Model:
    """files: the small files. config: for the text model, text_config moved to the top. raw: config.json as it is.
    tensors: the checkpoint's after unpacking, in reading order. peek: the bytes of tiny tensors. architecture: the
    class name that chose the family. outtype: for projectors, the size it will be written in. alike: whether two
    tensors hold the same."""

    files: SmallFiles
    config: Config
    raw: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]
    peek: Callable[[Iterable[str]], Mapping[str, bytes]]
    architecture: str
    outtype: str = "f16"
    alike: Callable[[str, str], bool] = lambda first, second: False
    warnings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _parsed: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def json(self, name: str) -> dict[str, Any] | None:
        """A small JSON file, parsed once; not to be changed. None if there is no such file. Raises JSON_INVALID."""
        if name not in self._parsed:
            self._parsed[name] = self.files.json(name)
        return self._parsed[name]

    def warn(self, code: str, **fields: Any) -> None:
        """A code of words/…/convert.toml [warnings]. Said once."""
        if (code, fields) not in self.warnings:
            self.warnings.append((code, fields))
