"""Checkpoints as transformers 5 saves them, where llama.cpp's own converter fails or writes what does not answer."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import TokenType

from modelyard.convert.keys import Keys
from modelyard.convert.plan import gguf_content
from modelyard.convert.vocab.llama import write_llama_vocabulary
from modelyard.convert.vocab.spm import pieces_of_json, read_pieces
from modelyard.errors import Code, ModelyardError
from modelyard.formats.hf_folder import open_checkpoint
from tests.builders.family_checkpoints import write_family
from tests.builders.hf_folder_models import write_model
from tests.builders.safetensors_file import write_safetensors
from tests.unit.convert.test_vocab import model_in

SPECIAL = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
WORDS = ["<unk>", "<s>", "</s>", *BYTES, "▁", *string.ascii_lowercase, "he", "▁he", "<turn>", "▁▁"]


def write_pieces_as_json(folder: Path, **settings: Any) -> None:
    """What transformers 5 makes of a tokenizer.model: merges, and no list of added tokens in the settings."""
    ids = {text: number for number, text in enumerate(WORDS)}
    added = [(text, True) for text in WORDS[:3]] + [("<turn>", True), ("▁▁", False)]
    tokenizer = {
        "version": "1.0",
        "added_tokens": [{"id": ids[text], "content": text, "special": special, **SPECIAL} for text, special in added],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "vocab": ids}
        | {"merges": [["h", "e"], ["▁", "he"]]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(named | settings), encoding="utf-8")


def metadata_of(folder: Path) -> dict[str, Any]:
    content = gguf_content(open_checkpoint(folder))
    return {entry.key: entry.value for entry in content.metadata}


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    return {tensor.name: tuple(tensor.shape) for tensor in gguf_content(open_checkpoint(folder)).tensors}


def changed(folder: Path, **values: Any) -> Path:
    """A value None takes the key away."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text(encoding="utf-8")), **values}
    kept = {key: value for key, value in config.items() if key not in values or value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")
    return folder


# --- vocabularies -----------------------------------------------------------------------------------------------


def test_pieces_without_their_file(tmp_path: Path) -> None:
    write_pieces_as_json(tmp_path)
    pieces = read_pieces(model_in(tmp_path, vocab_size=len(WORDS) + 1))
    assert pieces.tokens == [*WORDS[:-1], "  ", f"[PAD{len(WORDS)}]"]
    kinds = dict(zip(pieces.tokens, pieces.kinds, strict=True))
    assert kinds["<s>"] == kinds["<turn>"] == TokenType.CONTROL
    assert (kinds["<0x0A>"], kinds["he"], kinds["  "]) == (TokenType.BYTE, TokenType.NORMAL, TokenType.USER_DEFINED)
    scores = dict(zip(pieces.tokens, pieces.scores, strict=True))
    assert scores["he"] > scores["▁he"]  # merged sooner


@pytest.mark.parametrize("merges", [["h e", "▁ he"], [["h", "e"], ["▁", "he"]]])
def test_merges_of_both_forms_are_scores(merges: list[Any]) -> None:
    model = {"vocab": {"h": 0, "e": 1, "▁": 2, "he": 3, "▁he": 4}, "merges": merges}
    assert pieces_of_json({"model": model}, 0).scores[3:] == [0.0, -1.0]


@pytest.mark.parametrize("merges", [[["h"]], [7], ["he"], [["h", 3]]])
def test_merges_of_no_form(merges: list[Any]) -> None:
    with pytest.raises(ModelyardError) as caught:
        pieces_of_json({"model": {"vocab": {"h": 0}, "merges": merges}}, 0)
    assert caught.value.code is Code.TOKENIZER_INVALID


@pytest.mark.parametrize(
    ("settings", "score"),
    [
        ({"tokenizer_class": "LlamaTokenizer"}, -1000.0),  # as the reference
        ({"tokenizer_class": "LlamaTokenizer", "extra_special_tokens": []}, -1.0),
        ({"tokenizer_class": "TokenizersBackend"}, -1.0),
    ],
)
def test_scores_where_the_reference_fails(settings: dict[str, Any], score: float, tmp_path: Path) -> None:
    write_pieces_as_json(tmp_path, **settings)
    keys = Keys("llama")
    write_llama_vocabulary(model_in(tmp_path, vocab_size=len(WORDS)), keys)
    written = {entry.key: entry.value for entry in keys.entries()}
    scores = dict(zip(written["tokenizer.ggml.tokens"], written["tokenizer.ggml.scores"], strict=True))
    assert scores["▁he"] == score


@pytest.mark.parametrize("name", ["GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM", "Phi3ForCausalLM"])
def test_families_of_sentencepiece(name: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "model", name)
    (folder / "tokenizer.model").unlink()
    write_pieces_as_json(folder, tokenizer_class="TokenizersBackend")
    written = metadata_of(folder)
    assert written["tokenizer.ggml.model"] == "llama"
    assert written["tokenizer.ggml.tokens"][: len(WORDS) - 1] == WORDS[:-1]
    assert written["tokenizer.ggml.bos_token_id"] == 1


# --- configurations ---------------------------------------------------------------------------------------------


def test_granite_hybrid_names_its_layers_anew(tmp_path: Path) -> None:
    before = metadata_of(write_family(tmp_path / "before", "GraniteMoeHybridForCausalLM"))
    folder = write_family(tmp_path / "after", "GraniteMoeHybridForCausalLM")
    types = json.loads((folder / "config.json").read_text(encoding="utf-8"))["layer_types"]
    words = {"mamba": "linear_attention", "attention": "full_attention"}
    after = metadata_of(changed(folder, layer_types=[words[each] for each in types]))
    key = "granitehybrid.attention.head_count_kv"
    assert after[key] == before[key]
    assert any(after[key])


def test_gpt_neox_rotates_by_its_new_names(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "model", "GPTNeoXForCausalLM")
    rope = {"rope_type": "default", "rope_theta": 54321.0, "partial_rotary_factor": 0.5}
    written = metadata_of(changed(folder, rotary_pct=None, rotary_emb_base=None, rope_parameters=rope))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    head = config["hidden_size"] // config["num_attention_heads"]
    assert (written["gptneox.rope.dimension_count"], written["gptneox.rope.freq_base"]) == (head // 2, 54321.0)


@pytest.mark.parametrize(
    ("name", "arch"),
    [
        ("StableLmForCausalLM", "stablelm"),
        ("PhiForCausalLM", "phi2"),
        ("Gemma2ForCausalLM", "gemma2"),
        ("GlmForCausalLM", "chatglm"),
    ],
)
def test_rotary_base_the_reference_leaves_out(name: str, arch: str, tmp_path: Path) -> None:
    rope = {"rope_type": "default", "rope_theta": 54321.0, "partial_rotary_factor": 0.5}
    folder = write_family(tmp_path / "model", name)
    written = metadata_of(changed(folder, rope_theta=None, partial_rotary_factor=None, rope_parameters=rope))
    assert written[f"{arch}.rope.freq_base"] == 54321.0


@pytest.mark.parametrize("new", [False, True])
def test_packed_experts_of_qwen3_vl_in_both_layouts(new: bool, tmp_path: Path) -> None:
    experts, width, inner = 4, 256, 96
    shapes = {"gate_up_proj": (experts, width, 2 * inner), "down_proj": (experts, inner, width)}
    text = {"hidden_size": width, "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2}
    text |= {"num_local_experts": experts, "num_experts_per_tok": 2, "moe_intermediate_size": inner, "head_dim": 64}
    text |= {"model_type": "qwen3_vl_moe_text", "rms_norm_eps": 1e-6, "vocab_size": 320}
    config = {"architectures": ["Qwen3VLMoeForConditionalGeneration"], "model_type": "qwen3_vl_moe"}
    tensors = {"model.language_model.embed_tokens.weight": np.zeros((320, width), np.float32)}
    for name, shape in shapes.items():
        values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        stored = np.ascontiguousarray(values.swapaxes(1, 2)) if new else values
        tensors[f"model.language_model.layers.0.mlp.experts.{name}"] = stored
    found = shapes_of(write_model(tmp_path / "model", config | {"text_config": text}, tensors))
    assert found["blk.0.ffn_gate_exps.weight"] == found["blk.0.ffn_up_exps.weight"] == (experts, inner, width)
    assert found["blk.0.ffn_down_exps.weight"] == (experts, width, inner)


@pytest.mark.parametrize(
    ("name", "arch", "key"),
    [
        ("MiniMaxM2ForCausalLM", "minimax-m2", "scoring_func"),
        ("Dots1ForCausalLM", "dots1", "scoring_func"),
        ("DeepseekV32ForCausalLM", "deepseek32", "scoring_func"),
        ("ExaoneMoeForCausalLM", "exaone-moe", "scoring_func"),
        ("KimiLinearForCausalLM", "kimi-linear", "moe_router_activation_func"),
    ],
)
def test_scores_that_llama_cpp_needs(name: str, arch: str, key: str, tmp_path: Path) -> None:
    written = metadata_of(changed(write_family(tmp_path / "model", name), **{key: None}))
    assert written[f"{arch}.expert_gating_func"] == 2


def test_nemotron_h_without_experts(tmp_path: Path) -> None:
    """transformers 5 writes how many experts there would be."""
    text = {"hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": 320}
    text |= {"mamba_num_heads": 8, "mamba_head_dim": 64, "n_groups": 1, "ssm_state_size": 16, "conv_kernel": 4}
    text |= {"layers_block_type": ["linear_attention", "mlp", "full_attention", "mlp"], "intermediate_size": 512}
    text |= {"n_routed_experts": 8, "num_experts_per_tok": 2, "layer_norm_epsilon": 1e-5, "expand": 2, "n_group": 1}
    text |= {"max_position_embeddings": 1024, "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h"}
    tensors = {"backbone.embeddings.weight": np.zeros((320, 256), np.float32)}
    written = metadata_of(write_model(tmp_path / "model", text, tensors))
    assert written["general.architecture"] == "nemotron_h"
    assert written["nemotron_h.feed_forward_length"] == [0, 512, 0, 512]
    assert not any("expert" in key for key in written)


def test_hunyuan_ends_where_its_tokenizer_says(tmp_path: Path) -> None:
    """transformers drops eod_token_id of the dense models; so the reference never sees it."""
    folder = write_family(tmp_path / "model", "HunYuanDenseV1ForCausalLM")
    before = metadata_of(folder)["tokenizer.ggml.eos_token_id"]
    assert metadata_of(changed(folder, eod_token_id=3))["tokenizer.ggml.eos_token_id"] == before != 3


def test_eurobert_carries_a_word_for_classifiers(tmp_path: Path) -> None:
    written = metadata_of(changed(write_family(tmp_path / "model", "EuroBertModel"), classifier_pooling="late"))
    assert "eurobert.classifier.pooling_type" not in written


@pytest.mark.parametrize(
    ("name", "output", "layer"),
    [
        ("BertForSequenceClassification", "classifier", None),
        ("DistilBertForSequenceClassification", "classifier", "pre_classifier"),
        ("RobertaForSequenceClassification", "classifier.out_proj", "classifier.dense"),
        ("ModernBertForSequenceClassification", "classifier", "head.dense"),
    ],
)
def test_two_classes_nobody_names(name: str, output: str, layer: str | None, tmp_path: Path) -> None:
    """transformers does not save the labels it gives to every model."""
    folder = changed(write_family(tmp_path / "model", name), id2label=None, label2id=None)
    tensors = {f"{output}.weight": np.zeros((2, 256), np.float32), f"{output}.bias": np.zeros(2, np.float32)}
    tensors |= {f"{layer}.weight": np.zeros((256, 256), np.float32)} if layer else {}
    write_safetensors(folder / "model.safetensors", tensors)
    written = metadata_of(folder)
    assert written[f"{written['general.architecture']}.classifier.output_labels"] == ["LABEL_0", "LABEL_1"]
    assert shapes_of(folder) == {"cls.output.weight": (2, 256), "cls.output.bias": (2,)} | (
        {"cls.weight": (256, 256)} if layer else {}
    )


@pytest.mark.parametrize("rows", [1, 256])
def test_labels_are_not_made_up(rows: int, tmp_path: Path) -> None:
    folder = changed(write_family(tmp_path / "model", "RobertaForSequenceClassification"), id2label=None, label2id=None)
    write_safetensors(folder / "model.safetensors", {"classifier.out_proj.weight": np.zeros((rows, 256), np.float32)})
    assert "bert.classifier.output_labels" not in metadata_of(folder)
