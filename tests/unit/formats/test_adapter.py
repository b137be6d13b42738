"""Reading LoRA add-ons, and refusing what is no plain sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from tests.builders.lora_folder import Q, lora_folder, pair


@pytest.mark.parametrize("torch", [False, True])
def test_both_forms(tmp_path: Path, torch: bool) -> None:
    tensors = pair(Q, 8, 8, 4)
    folder = lora_folder(tmp_path / "my-lora", tensors, torch=torch)
    for path in (folder, folder / "adapter_config.json"):
        adapter = open_adapter(path)
        assert (adapter.name, adapter.base_model, list(adapter.tensors)) == ("my-lora", "example/base", list(tensors))
        assert adapter.risks == (("pickle",) if torch else ())
        reader = adapter.reader()
        for name, array in tensors.items():
            assert np.array_equal(reader.read(name, 0, array.shape[0]), array)
        reader.close()


@pytest.mark.parametrize(
    ("config", "method"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"peft_type": "IA3"}, "(IA)³"),
        ({"peft_type": "VERA"}, "VeRA"),
        ({"peft_type": "LOKR"}, "LoKr"),
        ({"peft_type": "OFT"}, "OFT"),
        ({"peft_type": "PROMPT_TUNING"}, "prompt-tuning"),
        ({"peft_type": "PREFIX_TUNING"}, "prefix-tuning"),
        ({"peft_type": "GRALORA"}, "GraLoRA"),
        ({"kasa_config": {"beta": 1}}, "kasa_config"),
        ({"peft_type": ["x"]}, "['x']"),
        ({"init_lora_weights": "pissa_niter_16"}, "pissa_niter_16"),
        ({"init_lora_weights": "olora"}, "olora"),
        ({"layer_replication": [[0, 4], [2, 5]]}, "layer_replication"),
        ({"task_type": "SEQ_CLS"}, "SEQ_CLS"),
        ({"alora_invocation_tokens": [1, 2]}, "aLoRA"),
    ],
    ids=str,
)
def test_what_cannot_be_merged_is_refused_with_its_name(tmp_path: Path, config: dict[str, Any], method: str) -> None:
    folder = lora_folder(tmp_path / "x", pair(Q, 8, 8, 4), **config)
    with pytest.raises(ModelyardError) as caught:
        open_adapter(folder)
    assert caught.value.code is Code.ADAPTER_UNSUPPORTED
    assert caught.value.fields == {"name": "x", "method": method, "base_model": "example/base"}


def test_harmless_beginnings_are_accepted(tmp_path: Path) -> None:
    for start in (True, False, "gaussian", "eva", "orthogonal"):
        folder = lora_folder(tmp_path / str(start), pair(Q, 8, 8, 4), init_lora_weights=start, use_dora=False)
        assert len(open_adapter(folder).tensors) == 2


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    folder = lora_folder(tmp_path / "x", pair(Q, 8, 8, 4))
    (folder / missing).unlink()
    with pytest.raises(ModelyardError) as caught:
        open_adapter(folder)
    assert caught.value.code is Code.ADAPTER_INVALID and str(caught.value.fields["detail"]).startswith(missing)


@pytest.mark.parametrize("base", [None, 3, "", "x" * 1000])
def test_a_base_model_that_is_no_name(tmp_path: Path, base: Any) -> None:
    adapter = open_adapter(lora_folder(tmp_path / "x", pair(Q, 8, 8, 4), base_model_name_or_path=base))
    assert adapter.base_model is None
