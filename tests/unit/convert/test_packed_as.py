"""What the check card calls a packing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.packed_as import packed_as
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, ("", False)),
        ({"quant_method": "gptq", "bits": 3}, ("GPTQ 3-bit", True)),
        ({"quant_method": "awq"}, ("AWQ 4-bit", True)),
        ({"quant_method": "bitsandbytes", "bnb_4bit_quant_type": "nf4"}, ("bitsandbytes NF4", True)),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, ("bitsandbytes int8", True)),
        ({"quant_method": "fp8"}, ("FP8", False)),
        (
            {"quant_method": "compressed-tensors", "format": "pack-quantized"},
            ("compressed-tensors pack-quantized", True),
        ),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, ("ModelOpt NVFP4", True)),
        ({"quant_method": "bitnet"}, ("BitNet", False)),
        ({"quant_method": "mxfp4"}, ("MXFP4", False)),
    ],
)
def test_names(tmp_path: Path, config: dict[str, Any], expected: tuple[str, bool]) -> None:
    words = {"l.weight": np.zeros((2, 4), np.uint8)}
    folder = model_folder(tmp_path / "m", words, **({"quantization_config": config} if config else {}))
    assert packed_as(open_checkpoint(folder)) == expected


def test_a_merged_model_that_still_tells_of_its_packing(tmp_path: Path) -> None:
    packing = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    folder = model_folder(tmp_path / "m", quantization_config=packing)
    assert packed_as(open_checkpoint(folder)) == ("", False)
