"""LoRA on the parameters of experts, as PEFT computes it: einsum of all experts' A and B at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.dequantize import unpacked
from modelyard.convert.lora import MergedTable, merged
from modelyard.errors import Code, ModelyardError
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.checkpoint_folder import model_folder
from tests.builders.lora_folder import lora_folder
from tests.builders.packed_weights import whole

Array = NDArray[Any]
EXPERTS, RANK, WIDTH, INNER = 3, 2, 64, 96
MODULE = "model.layers.0.mlp.experts"
CHANCE = np.random.default_rng(8)
BOTH = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]


def random(*shape: int) -> Array:
    return CHANCE.standard_normal(shape).astype(np.float32)


def halves(module: str, outputs: int, inputs: int) -> dict[str, Array]:
    stem = f"base_model.model.{module}.lora_"
    return {f"{stem}A.weight": random(EXPERTS * RANK, inputs), f"{stem}B.weight": random(outputs, EXPERTS * RANK)}


def change(tensors: dict[str, Array], module: str) -> Array:
    """(experts, outputs, inputs), as peft/tuners/lora/layer.py, ParamWrapper.get_delta_weight."""
    down = tensors[f"base_model.model.{module}.lora_A.weight"].astype(np.float64)
    up = tensors[f"base_model.model.{module}.lora_B.weight"].astype(np.float64)
    found: Array = np.einsum("ore,eri->eoi", up.reshape(len(up), RANK, EXPERTS), down.reshape(EXPERTS, RANK, -1))
    return found


def merge(tmp_path: Path, base: dict[str, Array], tensors: dict[str, Array], **config: Any) -> MergedTable:
    folder = model_folder(tmp_path / "base", base, vocab_size=10)
    settings = {"r": RANK, "lora_alpha": 2 * RANK, "target_parameters": BOTH, **config}
    return merged(unpacked(open_checkpoint(folder)), open_adapter(lora_folder(tmp_path / "lora", tensors, **settings)))


def near(table: MergedTable, name: str, expected: Array, step: int = 5) -> None:
    np.testing.assert_allclose(whole(table, name, step), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("crossed", [False, True])
def test_stacks_stored_inputs_first(tmp_path: Path, crossed: bool) -> None:
    """gpt-oss. PEFT took the dimensions the one or the other way, by its version and that of transformers."""
    base = {
        f"{MODULE}.gate_up_proj": random(EXPERTS, WIDTH, 2 * INNER),
        f"{MODULE}.down_proj": random(EXPERTS, INNER, WIDTH),
    }
    inner, outer = f"{MODULE}.base_layer", MODULE
    if crossed:
        tensors = halves(inner, WIDTH, 2 * INNER) | halves(outer, INNER, WIDTH)
    else:
        tensors = halves(inner, 2 * INNER, WIDTH) | halves(outer, WIDTH, INNER)
    table = merge(tmp_path, base, tensors)
    for name, module in (("gate_up_proj", inner), ("down_proj", outer)):
        delta = change(tensors, module)
        near(table, f"{MODULE}.{name}", base[f"{MODULE}.{name}"] + 2 * (delta if crossed else delta.swapaxes(1, 2)))


@pytest.mark.parametrize(
    "names", [("gate_proj", "up_proj", "down_proj", "mlp"), ("w1", "w3", "w2", "block_sparse_moe")]
)
def test_experts_stored_apart(tmp_path: Path, names: tuple[str, str, str, str]) -> None:
    gate, up, back, path = names
    shapes = {gate: (INNER, WIDTH), up: (INNER, WIDTH), back: (WIDTH, INNER)}
    stored = MODULE.replace("mlp", path)
    base = {f"{stored}.{n}.{kind}.weight": random(*shape) for n in range(EXPERTS) for kind, shape in shapes.items()}
    inner, outer = f"{MODULE}.base_layer", MODULE
    tensors = halves(inner, 2 * INNER, WIDTH) | halves(outer, WIDTH, INNER)
    patterns = {r".*\.gate_up_proj": 5 * RANK}
    table = merge(tmp_path, base, tensors, alpha_pattern=patterns)
    both, last = 5 * change(tensors, inner), 2 * change(tensors, outer)
    for expert in range(EXPERTS):
        parts = {gate: both[expert, :INNER], up: both[expert, INNER:], back: last[expert]}
        for kind, delta in parts.items():
            name = f"{stored}.{expert}.{kind}.weight"
            near(table, name, base[name] + delta)


def test_experts_in_mxfp4(tmp_path: Path) -> None:
    """They are unpacked where they are changed and stay blocks where not."""
    rows = 2 * INNER
    codes = CHANCE.integers(0, 256, (EXPERTS, rows, WIDTH // 32, 16), dtype=np.uint8)
    scales = CHANCE.integers(120, 128, (EXPERTS, rows, WIDTH // 32), dtype=np.uint8)
    table_of = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
    numbers = table_of[np.stack([codes & 15, codes >> 4], axis=-1)].reshape(EXPERTS, rows, WIDTH // 32, 32)
    scaled = (numbers * 2.0 ** (scales[..., None].astype(int) - 127)).reshape(EXPERTS, rows, WIDTH)
    stems = {layer: f"model.layers.{layer}.mlp.experts.gate_up_proj" for layer in (0, 1)}
    base = {
        f"{stem}_{kind}": array for stem in stems.values() for kind, array in (("blocks", codes), ("scales", scales))
    }
    tensors = halves(MODULE, rows, WIDTH)
    table = merge(tmp_path, base, tensors, target_parameters=["0.mlp.experts.gate_up_proj"])
    near(table, stems[0], scaled.swapaxes(1, 2) + 2 * change(tensors, MODULE).swapaxes(1, 2))
    assert set(table.tensors) == {stems[0], f"{stems[1]}_blocks", f"{stems[1]}_scales"}


@pytest.mark.parametrize("told", [True, False])
def test_square_experts(tmp_path: Path, told: bool) -> None:
    """Which dimension is which tells another parameter, or nothing does."""
    base = {
        f"{MODULE}.gate_up_proj": random(EXPERTS, WIDTH, 2 * WIDTH),
        f"{MODULE}.down_proj": random(EXPERTS, WIDTH, WIDTH),
    }
    tensors = halves(MODULE, WIDTH, WIDTH)
    if told:
        more = halves(f"{MODULE}.base_layer", 2 * WIDTH, WIDTH)
        table = merge(tmp_path, base, tensors | more)
        name = f"{MODULE}.down_proj"
        near(table, name, base[name] + 2 * change(tensors, MODULE).swapaxes(1, 2))
        return
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, base, tensors, target_parameters=BOTH[1:])
    assert caught.value.code is Code.ADAPTER_UNSUPPORTED
    assert caught.value.fields["method"] == "LoRA target_parameters"


@pytest.mark.parametrize(
    ("tensors", "targets", "code"),
    [
        (halves(MODULE, WIDTH, INNER), BOTH, Code.ADAPTER_UNSUPPORTED),
        (halves(MODULE, WIDTH, INNER), [*BOTH, "experts.third"], Code.ADAPTER_UNSUPPORTED),
        (halves(MODULE, WIDTH, INNER + 1), BOTH[1:], Code.ADAPTER_MISMATCH),
        (halves("model.layers.7.mlp.experts", WIDTH, INNER), BOTH[1:], Code.ADAPTER_MISMATCH),
        (halves(MODULE, WIDTH, INNER), ["mlp.experts.elsewhere"], Code.ADAPTER_MISMATCH),
    ],
    ids=["one for two", "three", "shape", "layer", "parameter"],
)
def test_what_does_not_fit(tmp_path: Path, tensors: dict[str, Array], targets: list[str], code: Code) -> None:
    base = {f"{MODULE}.down_proj": random(EXPERTS, INNER, WIDTH)}
    with pytest.raises(ModelyardError) as caught:
        merge(tmp_path, base, tensors, target_parameters=targets)
    assert caught.value.code is code
