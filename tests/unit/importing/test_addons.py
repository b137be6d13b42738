"""Add-ons that would be merged into weights other than those they were trained on."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.importing.addon_names import addon_name
from modelyard.importing.addons import BasePlace, WithAddon, find_base, place_of
from modelyard.importing.sources import CheckpointFolder, GgufFile, HubRepo
from modelyard.importing.surroundings import Surroundings
from tests.builders.checkpoint_folder import model_folder, write_json
from tests.builders.lora_folder import Q, lora_folder, pair
from tests.builders.safetensors_file import write_safetensors


@pytest.mark.parametrize(
    ("path", "base", "name"),
    [
        ("pirate", "Qwen/Qwen2.5-7B", "pirate"),
        ("pirate/checkpoint-500", "Qwen/Qwen2.5-7B", "pirate"),
        ("海盗/lora/sft/checkpoint-500", "Qwen/Qwen2.5-7B", "海盗"),
        ("saves/Qwen2.5-7B/lora/sft", "C:\\models\\Qwen2.5-7B", "Qwen2.5-7B-lora"),
        ("output/v0-20250801-120000/checkpoint-9", "/models/Qwen2.5-7B/", "here"),
        ("a/b/lora/run/outputs/final/default/checkpoint-1", "x/Base", "Base-lora"),
        ("a/b/lora/run/outputs/final/default/checkpoint-1", "", "checkpoint-1"),
    ],
)
def test_a_name_that_says_something(tmp_path: Path, path: str, base: str, name: str) -> None:
    assert addon_name(tmp_path / "here" / path, base) == name


@pytest.mark.parametrize(
    ("named", "card", "found"),
    [
        ("Qwen/Qwen2.5-7B", "other/model", "Qwen/Qwen2.5-7B"),
        ("unsloth/Qwen2.5-7B-unsloth-bnb-4bit", "", "unsloth/Qwen2.5-7B"),
        ("/root/autodl-tmp/Qwen2.5-7B", "Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B"),
        ("D:\\models\\Qwen2.5-7B", "Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B"),
        ("/root/autodl-tmp/Qwen2.5-7B", "/root/autodl-tmp/Qwen2.5-7B", None),
    ],
)
def test_what_the_base_is_called(tmp_path: Path, named: str, card: str, found: str | None) -> None:
    folder = lora_folder(tmp_path / "x", pair(Q, 8, 8, 4), base_model_name_or_path=named)
    (folder / "README.md").write_text(f"---\nbase_model: {card}\n---\n", encoding="utf-8")
    nothing = cast(Surroundings, None)
    if found is not None:
        assert find_base(open_adapter(folder), "", nothing) == HubRepo(found)
        return
    with pytest.raises(ModelyardError) as caught:
        find_base(open_adapter(folder), "", nothing)
    assert caught.value.code is Code.ADAPTER_BASE_MISSING and caught.value.fields["base_model"] == named


def test_where_a_base_is(tmp_path: Path) -> None:
    folder, file = CheckpointFolder(tmp_path / "Base"), GgufFile(tmp_path / "blob")
    assert place_of(HubRepo("a/b"), "") == BasePlace("a/b", "hub")
    assert place_of(folder, "") == BasePlace("Base", str(folder.path))
    assert place_of(file, str(file.path)) == BasePlace("blob", str(file.path))
    assert place_of(file, "ollama:qwen3:8b") == BasePlace("qwen3:8b", "library")


@pytest.mark.parametrize("architecture", ["FalconH1ForCausalLM", "LlamaForCausalLM"])
def test_mlx_trains_falcon_h1_on_changed_weights(tmp_path: Path, architecture: str) -> None:
    base = model_folder(
        tmp_path / "base", {"model.x.weight": np.ones((4, 6), np.float32)}, architectures=[architecture]
    )
    folder = tmp_path / "adapters"
    folder.mkdir()
    write_json(folder / "adapter_config.json", {"lora_parameters": {"rank": 2, "scale": 1.0}, "model": "a/b"})
    halves = {"model.x.lora_a": np.ones((6, 2), np.float32), "model.x.lora_b": np.ones((2, 4), np.float32)}
    write_safetensors(folder / "adapters.safetensors", halves)
    merge, table = WithAddon(open_adapter(folder)), open_checkpoint(base)
    if architecture == "LlamaForCausalLM":
        assert merge(table).tensors["model.x.weight"].shape == (4, 6)
        return
    with pytest.raises(ModelyardError) as caught:
        merge(table)
    assert caught.value.code is Code.ADAPTER_UNSUPPORTED
    assert caught.value.fields == {"name": "adapters", "method": "MLX LoRA", "base_model": "a/b"}
