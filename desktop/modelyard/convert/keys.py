"""Metadata under construction: the key names and types of PyPI `gguf`'s writer, collected instead of written."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_letters, digits
from typing import Any

import gguf

from ..errors import Code, ModelyardError
from .content import MetadataEntry, ValueType


class Keys(gguf.GGUFWriter):
    """All `add_…` methods of gguf.GGUFWriter, and those of llama.cpp b11434 that gguf 0.19 lacks. Nothing is written;
    `entries` gives what was added, in order; a key added again keeps its place, as in the reference."""

    def __init__(self, architecture: str) -> None:
        super().__init__(None, architecture)
        self._file_type_index = -1

    def add_file_type(self, ftype: Any = None) -> None:
        """Marks the place of general.file_type; its value is the recipe's."""
        self._file_type_index = len(self.kv_data[0])

    @property
    def file_type_index(self) -> int:
        """-1 where the reference writes none (GPT-NeoX)."""
        return self._file_type_index

    def add_recurrent_layers(self, value: Sequence[bool]) -> None:
        self.add_array(f"{self.arch}.attention.recurrent_layers", value)

    def add_indexer_types(self, value: Sequence[bool]) -> None:
        self.add_array(f"{self.arch}.attention.indexer.types", value)

    def add_indexer_block_size(self, value: int) -> None:
        self.add_uint32(f"{self.arch}.attention.indexer.block_size", value)

    def add_indexer_local_blocks(self, value: int) -> None:
        self.add_uint32(f"{self.arch}.attention.indexer.local_blocks", value)

    def add_vision_head_count_kv(self, value: int) -> None:
        self.add_uint32("clip.vision.attention.head_count_kv", value)

    def add_attn_value_scale(self, value: float) -> None:
        self.add_float32(f"{self.arch}.attention.value_scale", value)

    def add_suppress_tokens(self, value: Sequence[int]) -> None:
        self.add_array("tokenizer.ggml.suppress_tokens", value)

    def add_classifier_pooling_type(self, value: gguf.PoolingType) -> None:
        self.add_uint32(f"{self.arch}.classifier.pooling_type", value.value)

    def add_chat_template(self, value: str | Sequence[Mapping[str, str]] | None) -> None:
        """One template, or several by name: "default" is the plain key. The list of names is sorted (the reference's
        order is random)."""
        if value is None:
            self.kv_data[0].pop("tokenizer.chat_template", None)
            return
        if isinstance(value, str):
            self.add_string("tokenizer.chat_template", value)
            return
        named: dict[str, str] = {}
        for choice in value:
            name = "".join(c if c in ascii_letters + digits else "_" for c in str(choice.get("name", "")))
            if name and choice.get("template") is not None:
                named[name] = choice["template"]
        default = named.pop("default", None)
        for name, template in named.items():
            self.add_string(f"tokenizer.chat_template.{name}", template)
        if named:
            self.add_array("tokenizer.chat_templates", sorted(named))
        if default is not None:
            self.add_string("tokenizer.chat_template", default)

    def entries(self) -> tuple[MetadataEntry, ...]:
        """Raises CONFIG_INVALID for a value its type cannot hold."""
        return tuple(self._entries())

    def _entries(self) -> Iterator[MetadataEntry]:
        for key, value in self.kv_data[0].items():
            kind = ValueType(int(value.type))
            if kind is ValueType.ARRAY:
                element = value.sub_type
                if element is None:
                    element = gguf.GGUFValueType.UINT8 if isinstance(value.value, bytes) else _element(value.value[0])
                yield MetadataEntry(key, kind, _checked_list(key, element, value.value), ValueType(int(element)))
            else:
                yield MetadataEntry(key, kind, _checked(key, kind, value.value))


def _element(value: Any) -> gguf.GGUFValueType:
    return gguf.GGUFValueType.get_type(value)


def _checked_list(key: str, element: gguf.GGUFValueType, values: Any) -> Any:
    if isinstance(values, bytes):
        return values
    if element is gguf.GGUFValueType.STRING:
        if all(map(_is_text, values)):
            return values
    else:
        try:
            struct.pack(f"<{len(values)}{gguf.GGUFWriter._simple_value_packing[element]}", *values)
            return values
        except (struct.error, OverflowError, TypeError):
            pass
    raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=f"{key} = {_shown(values)}")


def _checked(key: str, kind: ValueType, value: Any) -> Any:
    if kind is ValueType.STRING:
        if _is_text(value):
            return value
    else:
        try:
            struct.pack(f"<{gguf.GGUFWriter._simple_value_packing[gguf.GGUFValueType(kind)]}", value)
            return value
        except (struct.error, OverflowError, TypeError):
            pass
    raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=f"{key} = {_shown(value)}")


def _is_text(value: Any) -> bool:
    """Whether a file can hold it: JSON can write half a character, UTF-8 cannot."""
    if isinstance(value, str):
        try:
            value.encode("utf-8", "surrogateescape")  # as the header is written
        except UnicodeEncodeError:
            return False
    return isinstance(value, str | bytes)


def _shown(value: Any) -> str:
    return str(value)[:80].encode("utf-8", "replace").decode("utf-8")
