"""Add-ons that would be merged into weights other than those they were trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.importing.addons import WithAddon
from tests.builders.checkpoint_folder import model_folder, write_json
from tests.builders.safetensors_file import write_safetensors


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
