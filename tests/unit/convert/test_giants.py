"""Corners of the large families: what their configurations may leave out, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.plan import gguf_content
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import ROWS, write_family

Change = Callable[[dict[str, Any]], Any]


def plan(folder: Path, class_name: str, change: Change = lambda config: None) -> GgufContent:
    path = write_family(folder, class_name) / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config.get("text_config", config))
    path.write_text(json.dumps(config), encoding="utf-8")
    return gguf_content(open_checkpoint(folder))


def values_of(content: GgufContent) -> dict[str, Any]:
    return {entry.key: entry.value for entry in content.metadata}


def test_hunyuan_s_own_vocabulary(tmp_path: Path) -> None:
    """BOS is not the token that the configuration names."""
    folder = write_family(tmp_path / "m", "HunYuanMoEV1ForCausalLM")
    (folder / "tokenizer.json").unlink()
    ranks = [*(bytes([byte]) for byte in range(256)), b"he", b"hel"]
    lines = b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(ranks))
    (folder / "hy.tiktoken").write_bytes(lines)
    values = values_of(gguf_content(open_checkpoint(folder)))
    tokens = values["tokenizer.ggml.tokens"]
    assert tokens[256:261] == ["he", "hel", "<|endoftext|>", "<|startoftext|>", "<|bos|>"]
    assert (len(tokens), tokens[-1]) == (ROWS, f"<|extra_{ROWS - 258 - 5 - 1}|>")
    assert values["tokenizer.ggml.bos_token_id"] == 260
    assert values["tokenizer.ggml.merges"] == ["h e", "he l"]


@pytest.mark.parametrize(
    ("class_name", "change"),
    [
        ("HunYuanMoEV1ForCausalLM", lambda config: config.update(moe_topk=[1, 2])),
        ("HunYuanMoEV1ForCausalLM", lambda config: config["rope_scaling"].update(alpha=50.0)),
        ("Cohere2MoeForCausalLM", lambda config: config.update(shared_expert_combination_strategy="sum")),
        ("Step3p5ForCausalLM", lambda config: config.update(partial_rotary_factors=[1.0, 1.0, 1.0, 1.0])),
        ("Step3p5ForCausalLM", lambda config: config.update(layer_types=["sliding_attention"] * 4)),
        ("Glm4vForConditionalGeneration", lambda config: config.update(head_dim=32)),
        ("MiMoV2ForCausalLM", lambda config: config.update(swa_head_dim=32)),
        ("MiMoV2ForCausalLM", lambda config: config.update(topk_method="greedy")),
        ("Gemma4ForCausalLM", lambda config: config.update(global_head_dim=2**31)),
        ("Qwen3NextForCausalLM", lambda config: config.update(linear_num_value_heads=1)),
        ("JAISLMHeadModel", lambda config: config.update(embeddings_scale="x", mup_embeddings_scale="x")),
        ("DeciLMForCausalLM", lambda config: config["block_configs"].pop()),
        ("Gemma4ForCausalLM", lambda config: config["rope_parameters"]["full_attention"].update(rope_type="yarn")),
    ],
)
def test_what_the_engine_would_not_understand(class_name: str, change: Change, tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as caught:
        plan(tmp_path / "m", class_name, change)
    assert caught.value.code is Code.CONFIG_INVALID


@pytest.mark.parametrize("pattern", ["LLLG", 4])
def test_windows_of_exaone_from_their_pattern(pattern: str | int, tmp_path: Path) -> None:
    def change(config: dict[str, Any]) -> None:
        del config["layer_types"]
        config["sliding_window_pattern"] = pattern

    values = values_of(plan(tmp_path / "m", "ExaoneMoEForCausalLM", change))
    assert list(values["exaone-moe.attention.sliding_window_pattern"]) == [True, True, True, False]


def test_step_scales_what_full_attention_rotates(tmp_path: Path) -> None:
    content = plan(tmp_path / "m", "Step3p5ForCausalLM")
    factors = next(job for job in content.tensors if job.name == "rope_freqs.weight")
    reader = open_checkpoint(tmp_path / "m").reader()
    row = factors.rows(reader, 0, 1).data[0]
    reader.close()
    assert row.shape == (32,)
    assert row[0] == 1 and row[15] == 2 and np.all(row[16:] == 1)


def test_layers_of_nemotron_without_attention(tmp_path: Path) -> None:
    values = values_of(plan(tmp_path / "m", "DeciLMForCausalLM"))
    assert values["deci.attention.head_count"] == [4, 0, 4]
    assert values["deci.attention.head_count_kv"] == [2, 0, 1]
    assert values["deci.feed_forward_length"] == [512, 256, 512]
