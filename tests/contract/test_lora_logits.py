"""A merged model says what base and add-on say computed apart in float64, to 1e-3 in every logarithm of a probability:
in llama.cpp, from a checkpoint as base and from a GGUF."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.convert.content import GgufContent, WeightReader
from modelyard.convert.lora import merged
from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.adapter import open_adapter
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.importing.gguf_base import merged_with_gguf, rows_of
from modelyard.quantize.writer import write_gguf
from tests.builders.float64_models import HEADS, KEY_HEADS, LAYERS, Apart, gpt2, llama
from tests.builders.hf_folder_models import write_model
from tests.builders.llama_logits import log_probabilities
from tests.builders.lora_folder import lora_folder
from tests.builders.packed_weights import whole

Array = NDArray[Any]
WIDTH, INNER, VOCABULARY, NEW = 64, 96, 258, 262
PROMPTS = ((7, 42, 199, 3, 77), (65, 250))
LLAMA_MODULES = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (WIDTH // 2, WIDTH),
    "self_attn.v_proj": (WIDTH // 2, WIDTH),
    "self_attn.o_proj": (WIDTH, WIDTH),
    "mlp.gate_proj": (INNER, WIDTH),
    "mlp.up_proj": (INNER, WIDTH),
    "mlp.down_proj": (WIDTH, INNER),
}
GPT2_MODULES = {
    "attn.c_attn": (3 * WIDTH, WIDTH),
    "attn.c_proj": (WIDTH, WIDTH),
    "mlp.c_fc": (4 * WIDTH, WIDTH),
    "mlp.c_proj": (WIDTH, 4 * WIDTH),
}
CHANCE = np.random.default_rng(11)


def random(*shape: int, size: float = 0.2) -> Array:
    return (CHANCE.standard_normal(shape) * size).astype(np.float32)


def llama_weights(tied: bool) -> dict[str, Array]:
    weights = {"model.embed_tokens.weight": random(VOCABULARY, WIDTH), "model.norm.weight": 1 + random(WIDTH)}
    if not tied:
        weights["lm_head.weight"] = random(VOCABULARY, WIDTH)
    for layer in range(LAYERS):
        stem = f"model.layers.{layer}."
        weights |= {f"{stem}{module}.weight": random(*shape) for module, shape in LLAMA_MODULES.items()}
        weights |= {
            f"{stem}{norm}.weight": 1 + random(WIDTH) for norm in ("input_layernorm", "post_attention_layernorm")
        }
    return weights


def gpt2_weights() -> dict[str, Array]:
    weights = {"transformer.wte.weight": random(VOCABULARY, WIDTH), "transformer.wpe.weight": random(64, WIDTH)}
    norms = ["transformer.ln_f"]
    for layer in range(LAYERS):
        stem = f"transformer.h.{layer}."
        norms += [f"{stem}ln_1", f"{stem}ln_2"]
        for module, (outputs, inputs) in GPT2_MODULES.items():
            weights |= {f"{stem}{module}.weight": random(inputs, outputs), f"{stem}{module}.bias": random(outputs)}
    return (
        weights | {f"{norm}.weight": 1 + random(WIDTH) for norm in norms} | {f"{n}.bias": random(WIDTH) for n in norms}
    )


def pair(module: str, shape: tuple[int, int], rank: int) -> dict[str, Array]:
    stem = f"base_model.model.{module}.lora_"
    return {f"{stem}A.weight": random(rank, shape[1]), f"{stem}B.weight": random(shape[0], rank)}


def pairs(modules: Mapping[str, tuple[int, int]], path: str, rank: Callable[[str], int]) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for layer in range(LAYERS):
        for module, shape in modules.items():
            name = f"{path}.{layer}.{module}"
            found |= pair(name, shape, rank(name))
    return found


@dataclass(frozen=True)
class Case:
    """brought: whole tensors in the add-on, by the base's names."""

    weights: dict[str, Array]
    adapter: dict[str, Array]
    scale: Callable[[str], float]
    config: dict[str, Any]
    brought: dict[str, Array] = field(default_factory=dict)
    columns_first: bool = False

    def apart(self) -> Apart:
        modules = {name.removeprefix("base_model.model.").partition(".lora_")[0] for name in self.adapter}
        scales = {module: self.scale(module) for module in modules}
        return Apart(self.weights | self.brought, self.adapter, scales, self.columns_first)


def plain() -> Case:
    adapter = pairs(LLAMA_MODULES, "model.layers", lambda name: 4)
    return Case(llama_weights(False), adapter, lambda module: 2.0, {"r": 4, "lora_alpha": 8})


def stabilised() -> Case:
    adapter = pairs(LLAMA_MODULES, "model.layers", lambda name: 4)
    config = {"r": 4, "lora_alpha": 8, "use_rslora": True}
    return Case(llama_weights(False), adapter, lambda module: 8 / math.sqrt(4), config)


def patterns() -> Case:
    """A rank and an alpha of their own for some modules, by name, by path and by regular expression."""
    ranks = {"q_proj": 2, r"layers\.1\.mlp\.up_proj": 6}
    alphas = {"q_proj": 5, r"model\.layers\.0\..*\.(gate|down)_proj": 11}

    def rank(module: str) -> int:
        return 2 if module.endswith("q_proj") else 6 if module.endswith("1.mlp.up_proj") else 4

    def scale(module: str) -> float:
        own = module.startswith("model.layers.0.") and module.endswith(("gate_proj", "down_proj"))
        return (5 if module.endswith("q_proj") else 11 if own else 8) / rank(module)

    config = {"r": 4, "lora_alpha": 8, "rank_pattern": ranks, "alpha_pattern": alphas}
    config["target_modules"] = r".*\.layers\.\d+\..*_proj"
    return Case(llama_weights(False), pairs(LLAMA_MODULES, "model.layers", rank), scale, config)


def resized() -> Case:
    """modules_to_save: embedding and output with four tokens more."""
    adapter = pairs(LLAMA_MODULES, "model.layers", lambda name: 4)
    brought = {"model.embed_tokens.weight": random(NEW, WIDTH), "lm_head.weight": random(NEW, WIDTH)}
    return Case(llama_weights(False), adapter, lambda module: 2.0, {"r": 4, "lora_alpha": 8}, brought)


def embedding_of_a_tied_model() -> Case:
    """The output stays the base's embedding, without what the add-on adds to it: so PEFT trained it."""
    stem = "base_model.model.model.embed_tokens.lora_embedding_"
    adapter = {f"{stem}A": random(4, VOCABULARY), f"{stem}B": random(WIDTH, 4)}
    return Case(llama_weights(True), adapter, lambda module: 2.0, {"r": 4, "lora_alpha": 8})


def conv1d() -> Case:
    adapter = pairs(GPT2_MODULES, "transformer.h", lambda name: 4)
    config = {"r": 4, "lora_alpha": 8, "fan_in_fan_out": True}
    return Case(gpt2_weights(), adapter, lambda module: 2.0, config, columns_first=True)


def config_of(case: Case) -> dict[str, Any]:
    if case.columns_first:
        shape = {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_positions": 64}
        return {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": VOCABULARY, **shape}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_HEADS,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": "lm_head.weight" not in case.weights,
    }


def write(content: GgufContent, reader: WeightReader, path: Path) -> Path:
    write_gguf(content, "F32", reader, path, listener=lambda event: None, cancel=CancelToken())
    return path


def from_folder(folder: Path, case: Case) -> Path:
    base = write_model(folder / "base", config_of(case), case.weights)
    brought = {f"base_model.model.{name}": array for name, array in case.brought.items()}
    adapter = lora_folder(folder / "lora", case.adapter | brought, **case.config)
    table = merged(open_checkpoint(base), open_adapter(adapter))
    reader = table.reader()
    try:
        return write(gguf_content(table), reader, folder / "merged.gguf")
    finally:
        reader.close()


def from_gguf(folder: Path, case: Case) -> Path:
    base = open_checkpoint(write_model(folder / "base", config_of(case), case.weights))
    opened = base.reader()
    try:
        whole = write(gguf_content(base), opened, folder / "base.gguf")
    finally:
        opened.close()
    adapter = open_adapter(lora_folder(folder / "lora", case.adapter, **case.config))
    content, files = merged_with_gguf(adapter, whole)
    reader = rows_of(files, adapter)
    try:
        return write(content, reader, folder / "merged.gguf")
    finally:
        reader.close()


CASES = (plain, stabilised, patterns, resized, embedding_of_a_tied_model, conv1d)


@pytest.mark.parametrize(
    ("build", "merge"),
    [*((case, from_folder) for case in CASES), *((case, from_gguf) for case in CASES if case is not resized)],
)
def test_merged_is_base_and_addon(
    build: Callable[[], Case], merge: Callable[[Path, Case], Path], tmp_path: Path
) -> None:
    case = build()
    forward, near = (gpt2, 5e-3) if case.columns_first else (llama, 1e-3)
    expected = np.array([forward(case.apart(), prompt) for prompt in PROMPTS])
    alone = np.array([forward(Apart(case.weights, columns_first=case.columns_first), prompt) for prompt in PROMPTS])
    found = log_probabilities(merge(tmp_path, case), PROMPTS)
    np.testing.assert_allclose(found[:, : expected.shape[1]], expected, rtol=0, atol=near)
    assert np.abs(expected[:, :VOCABULARY] - alone).max() > 0.1  # the add-on says something


def test_merged_weights_of_conv1d(tmp_path: Path) -> None:
    """Without ggml's table of GELU: the merged weights in the same float64 program."""
    case = conv1d()
    base = write_model(tmp_path / "base", config_of(case), case.weights)
    table = merged(open_checkpoint(base), open_adapter(lora_folder(tmp_path / "lora", case.adapter, **case.config)))
    weights = Apart({name: whole(table, name) for name in table.tensors}, columns_first=True)
    for prompt in PROMPTS:
        np.testing.assert_allclose(gpt2(weights, prompt), gpt2(case.apart(), prompt), rtol=0, atol=1e-4)
