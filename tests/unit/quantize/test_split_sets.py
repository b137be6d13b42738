"""Sets of shards are byte for byte llama-gguf-split's (b11434: `--split --split-max-size 1M`, then `--merge`)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.split import read_set
from modelyard.quantize.gguf_sets import merge, split
from modelyard.quantize.gguf_source import GgufFile
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family

# Class, and beginnings of SHA-256: the whole file at Q8_0, llama-gguf-split's shards, and what it merges of them.
RECORDED = (
    ("Qwen3MoeForCausalLM", "666e30aba5599be1", ["20afb701d9b2f76d", "2388a1e9881f0cc5"], "982a1bf24a630973"),
    (
        "GPT2LMHeadModel",
        "864700cb8fa97397",
        ["b459a7a3b996b4f1", "eceddf4b1d26a10c", "5056c340cd5b9a94"],
        "ed242f26f9adffd9",
    ),
)


@pytest.mark.parametrize(("name", "whole", "shards", "merged"), RECORDED)
def test_sets_are_llama_gguf_split_s(name: str, whole: str, shards: list[str], merged: str, tmp_path: Path) -> None:
    made = whole_file(tmp_path, name)
    assert digest(made) == whole
    parts = [part.path for part in split(files(made)[0], tmp_path / "part.gguf", 1_000_000, **QUIET)]
    assert [digest(part) for part in parts] == shards
    assert digest(merge(files(parts[1]), tmp_path / "merged.gguf", **QUIET).path) == merged
    assert digest(made) == whole


def test_a_set_of_one_is_merged_too(tmp_path: Path) -> None:
    """split.count becomes 0: nothing is left to merge."""
    [part] = split(files(whole_file(tmp_path, "GPT2LMHeadModel"))[0], tmp_path / "part.gguf", 10**9, **QUIET)
    [alone] = files(merge(files(part.path), tmp_path / "merged.gguf", **QUIET).path)
    assert alone.header.integer("split.count") == 0


QUIET = {"listener": lambda event: None, "cancel": CancelToken()}


def whole_file(folder: Path, name: str) -> Path:
    table = open_checkpoint(write_family(folder / "tiny", name))
    reader = table.reader()
    try:
        return write_gguf(gguf_content(table), "Q8_0", reader, folder / "whole.gguf", **QUIET).path
    finally:
        reader.close()


def files(path: Path) -> list[GgufFile]:
    """The set to which a file belongs."""
    found, paths = read_set(path)
    return [GgufFile(each, header) for each, header in zip(paths, found.parts, strict=True)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
