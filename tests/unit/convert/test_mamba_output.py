"""Mamba's output is left out where it is the embedding once more, number by number, whatever config.json says
(conversion/mamba.py MambaModel.modify_tensors)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelyard.convert.plan import gguf_content
from modelyard.formats.checkpoint import Checkpoint
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import write_family
from tests.builders.safetensors_file import write_safetensors

EMBEDDING, OUTPUT = "backbone.embeddings.weight", "lm_head.weight"


def opened(folder: Path, *, changed: int | None, tied: bool | None) -> Checkpoint:
    """A tiny Mamba whose output repeats the embedding, but for the number `changed`."""
    write_family(folder, "MambaForCausalLM")
    table = open_checkpoint(folder)
    reader = table.reader()
    tensors = {name: reader.read(name, 0, each.rows).reshape(each.shape) for name, each in table.tensors.items()}
    tensors = {name: np.array(values) for name, values in tensors.items()}
    reader.close()
    tensors[OUTPUT] = tensors[EMBEDDING].copy()
    if changed is not None:
        tensors[OUTPUT].flat[changed] ^= 1
    write_safetensors(folder / "model.safetensors", tensors)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"tie_word_embeddings": tied}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return open_checkpoint(folder)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("changed", "stays"), [(None, False), (0, True), (40_000, True), (-1, True)])
def test_it_is_compared(changed: int | None, stays: bool, tied: bool, tmp_path: Path) -> None:
    here = opened(tmp_path / "m", changed=changed, tied=tied)
    assert ("output.weight" in {job.name for job in gguf_content(here).tensors}) is stays


@pytest.mark.parametrize(
    ("changed", "stays"), [(None, False), (0, True), (9_999, True), (40_000, True), (50_001, True), (-1, True)]
)
def test_so_it_is_where_the_weights_are_elsewhere(changed: int | None, stays: bool, tmp_path: Path) -> None:
    far = replace(opened(tmp_path / "m", changed=changed, tied=False), locate=None)
    assert ("output.weight" in {job.name for job in gguf_content(far).tensors}) is stays


def test_tensors_of_other_shape_or_type_differ(tmp_path: Path) -> None:
    table = opened(tmp_path / "m", changed=None, tied=True)
    assert table.alike(EMBEDDING, OUTPUT)
    assert not table.alike(EMBEDDING, "backbone.norm_f.weight")
