"""Add-ons that trained single tokens: rows of the embedding (and of the output) are replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.lora import MergedTable, merged
from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder
from tests.builders.lora_folder import Q, base_weights, lora_folder, pair
from tests.builders.packed_weights import whole

BASE = base_weights()
EMBEDDING, OUTPUT = "model.embed_tokens", "lm_head"
NEW = np.arange(24, dtype=np.float32).reshape(3, 8)
AT = [9, 0, 4]


def rows_of(module: str) -> str:
    return f"base_model.model.{module}.token_adapter.trainable_tokens_delta"


def merge(tmp_path: Path, tensors: dict[str, NDArray[Any]], tied: bool = False, **config: Any) -> MergedTable:
    base = {name: array for name, array in BASE.items() if not tied or name != f"{OUTPUT}.weight"}
    folder = model_folder(tmp_path / "base", base, vocab_size=10, tie_word_embeddings=tied)
    return merged(open_checkpoint(folder), open_adapter(lora_folder(tmp_path / "lora", tensors, **config)))


def replaced(name: str, at: list[int], new: NDArray[np.float32] = NEW) -> NDArray[np.float32]:
    expected = BASE[name].copy()
    expected[at] = new
    return expected


@pytest.mark.parametrize("tied", [False, True])
def test_tokens_of_the_embedding(tmp_path: Path, tied: bool) -> None:
    """An output that is the embedding stays it: PEFT changes both."""
    table = merge(tmp_path, pair(Q, 8, 8, 4) | {rows_of(EMBEDDING): NEW}, tied, trainable_token_indices=AT)
    assert np.array_equal(whole(table, f"{EMBEDDING}.weight"), replaced(f"{EMBEDDING}.weight", AT))
    assert (f"{OUTPUT}.weight" in table.tensors) is not tied and table.config["tie_word_embeddings"] is tied


def test_tokens_of_both(tmp_path: Path) -> None:
    told = {"embed_tokens": AT, "lm_head": [1, 2, 3]}
    table = merge(tmp_path, {rows_of(EMBEDDING): NEW, rows_of(OUTPUT): -NEW}, trainable_token_indices=told)
    assert np.array_equal(whole(table, f"{EMBEDDING}.weight"), replaced(f"{EMBEDDING}.weight", AT))
    assert np.array_equal(whole(table, f"{OUTPUT}.weight"), replaced(f"{OUTPUT}.weight", [1, 2, 3], -NEW))


@pytest.mark.parametrize("same", [False, True])
def test_tokens_of_both_where_they_are_one(tmp_path: Path, same: bool) -> None:
    """With other tokens than the embedding's the output becomes a tensor of its own."""
    told = {"embed_tokens": AT, "lm_head": AT if same else [1, 2, 3]}
    tensors = {rows_of(EMBEDDING): NEW, rows_of(OUTPUT): NEW}
    table = merge(tmp_path, tensors, tied=True, trainable_token_indices=told)
    assert np.array_equal(whole(table, f"{EMBEDDING}.weight"), replaced(f"{EMBEDDING}.weight", AT))
    if same:
        assert f"{OUTPUT}.weight" not in table.tensors
    else:
        assert np.array_equal(whole(table, f"{OUTPUT}.weight"), replaced(f"{EMBEDDING}.weight", [1, 2, 3]))


def test_tokens_of_a_resized_embedding(tmp_path: Path) -> None:
    """The add-on brings the larger embedding as well, beside the rows it trained."""
    larger = np.ones((12, 8), np.float32)
    stem = f"base_model.model.{EMBEDDING}.token_adapter"
    tensors = {f"{stem}.base_layer.weight": larger, f"{stem}.trainable_tokens_delta": NEW}
    tensors[f"base_model.model.{OUTPUT}.weight"] = larger
    table = merge(tmp_path, tensors, trainable_token_indices=[10, 11, 0])
    expected = larger.copy()
    expected[[10, 11, 0]] = NEW
    assert np.array_equal(whole(table, f"{EMBEDDING}.weight"), expected)
    assert table.config["vocab_size"] == 12 and table.shards_of(f"{EMBEDDING}.weight") == ()


def test_the_method_of_tokens_alone(tmp_path: Path) -> None:
    tensors = {f"base_model.model.{EMBEDDING}.trainable_tokens_delta": NEW}
    table = merge(tmp_path, tensors, peft_type="TRAINABLE_TOKENS", token_indices=AT, target_modules=["embed_tokens"])
    assert np.array_equal(whole(table, f"{EMBEDDING}.weight"), replaced(f"{EMBEDDING}.weight", AT))


@pytest.mark.parametrize("told", [[9, 0], [9, 0, 10], [9, 0, -1], [9, 0, True], "all", {}, {"x": None}])
def test_tokens_the_base_does_not_have(tmp_path: Path, told: Any) -> None:
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, {rows_of(EMBEDDING): NEW}, trainable_token_indices=told)
    assert caught.value.code is Code.ADAPTER_INVALID
