"""What a GGUF is, and how much memory a conversation with it needs."""

from __future__ import annotations

import pytest

from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_header
from modelyard.formats.gguf_facts import GgufFacts, GgufKind, TypeUse, facts, size_name
from modelyard.formats.gguf_values import ValueType as T
from tests.builders.gguf_files import BytesSource, GgufBuilder, projector_file, tiny_model


def facts_of(builder: GgufBuilder) -> GgufFacts:
    return facts(read_header(BytesSource(builder.build())))


def arch(name: str) -> GgufBuilder:
    return GgufBuilder().text("general.architecture", name)


def test_facts_of_a_model() -> None:
    builder = tiny_model().u32("general.base_model.count", 2)
    builder.text("general.base_model.0.repo_url", "https://huggingface.co/a/b").text("general.base_model.1.name", "C")
    known = facts_of(builder)
    assert known.kind is GgufKind.MODEL
    assert (known.architecture, known.name, known.licence) == ("llama", "Tiny 测试", "apache-2.0")
    assert (known.context_length, known.embedding_length, known.block_count) == (256, 32, 2)
    assert known.parameters == 3 * 32 + 32 + 3 * 32
    assert known.types[GgmlType.F32] == TypeUse(2, 128, 512)
    assert (known.vocabulary, known.tokenizer) == (3, "gpt2")
    assert known.chat_template == "{{ messages[0].content }}"
    assert known.base_models == ("https://huggingface.co/a/b", "C")
    assert not known.is_embedding and not known.has_towers


KINDS = {
    "general.type mmproj": (projector_file(32), GgufKind.MMPROJ),
    "general.type projector": (arch("x").text("general.type", "projector"), GgufKind.MMPROJ),
    "old clip": (arch("clip").scalar("clip.has_vision_encoder", T.BOOL, True), GgufKind.MMPROJ),
    "clip for audio": (arch("clip").scalar("clip.has_audio_encoder", T.BOOL, True), GgufKind.MMPROJ),
    "vision blocks only": (arch("v").u32("v.block_count", 0).u32("v.vision.block_count", 9), GgufKind.MMPROJ),
    "fused model": (arch("v").u32("v.block_count", 2).u32("v.vision.block_count", 9), GgufKind.MODEL),
    "adapter": (arch("llama").text("general.type", "adapter").text("adapter.type", "lora"), GgufKind.ADAPTER),
    "old adapter": (arch("llama").text("adapter.type", "lora"), GgufKind.ADAPTER),
    "imatrix": (GgufBuilder().text("general.type", "imatrix"), GgufKind.IMATRIX),
    "control vector": (arch("controlvector"), GgufKind.CONTROL_VECTOR),
    "nothing": (GgufBuilder(), GgufKind.OTHER),
    "later part": (GgufBuilder().scalar("split.no", T.UINT16, 1).scalar("split.count", T.UINT16, 2), GgufKind.SHARD),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name: str) -> None:
    builder, kind = KINDS[name]
    assert facts_of(builder.tensor("v.a.weight", (32,))).kind is kind


def test_files_without_tensors() -> None:
    assert facts_of(arch("llama").text("tokenizer.ggml.model", "gpt2")).kind is GgufKind.VOCAB
    assert facts_of(arch("llama")).kind is GgufKind.OTHER
    assert facts_of(arch("llama").scalar("split.count", T.UINT16, 3)).kind is GgufKind.MODEL


def test_towers_and_embedding() -> None:
    known = facts_of(arch("bert").u32("bert.pooling_type", 1).tensor("v.blk.0.weight", (32,)))
    assert known.is_embedding and known.has_towers


def test_size_names() -> None:
    mostly_q4 = {GgmlType.F32: TypeUse(9, 10, 40), GgmlType.Q4_K: TypeUse(1, 1000, 563)}
    whole = {GgmlType.F16: TypeUse(2, 100, 200)}
    assert size_name(15, mostly_q4) == "Q4_K_M"
    assert size_name(1024 + 15, mostly_q4) == "Q4_K_M"
    assert size_name(None, mostly_q4) == "Q4_K"
    assert size_name(1, mostly_q4) == "Q4_K"  # claims to be F16
    assert size_name(9999, whole) == "F16"
    assert size_name(1, whole) == "F16"
    assert size_name(-1, {}) == ""


def memory(builder: GgufBuilder, context: int) -> int:
    builder.tensors.clear()
    found = facts_of(builder.tensor("a", (32,))).memory
    assert found is not None
    return found.bytes_for(context)


def llama_3_8b() -> GgufBuilder:
    builder = arch("llama").u32("llama.block_count", 32).u32("llama.embedding_length", 4096)
    return builder.u32("llama.attention.head_count", 32).u32("llama.attention.head_count_kv", 8)


def test_memory_of_grouped_heads() -> None:
    """llama.cpp prints "KV self size = 1024.00 MiB" for Llama 3 8B with 8192 tokens."""
    assert memory(llama_3_8b(), 8192) == 1024 * 2**20


def test_memory_with_a_window() -> None:
    """Gemma 3: five of six layers keep 1024 tokens and a batch; a pattern in the file goes before the rule."""
    builder = arch("gemma3").u32("gemma3.block_count", 6).u32("gemma3.embedding_length", 1024)
    builder.u32("gemma3.attention.head_count", 4).u32("gemma3.attention.head_count_kv", 1)
    builder.u32("gemma3.attention.key_length", 256).u32("gemma3.attention.value_length", 256)
    builder.u32("gemma3.attention.sliding_window", 1024)
    assert memory(builder, 8192) == (8192 + 5 * 1536) * 512 * 2
    assert memory(builder, 1000) == (1000 + 5 * 1024) * 512 * 2
    builder.numbers("gemma3.attention.sliding_window_pattern", T.BOOL, [True, False] * 3)
    assert memory(builder, 8192) == 3 * (8192 + 1536) * 512 * 2


def test_window_of_models_that_ignore_it() -> None:
    builder = llama_3_8b().u32("llama.attention.sliding_window", 4096)
    assert memory(builder, 8192) == 1024 * 2**20


def test_memory_of_latent_attention() -> None:
    """DeepSeek V2 as converted now: one head of 576 a token, values are part of the keys."""
    builder = arch("deepseek2").u32("deepseek2.block_count", 27).u32("deepseek2.attention.head_count", 16)
    builder.u32("deepseek2.attention.head_count_kv", 1).u32("deepseek2.attention.key_length", 576)
    builder.u32("deepseek2.attention.value_length", 512).u32("deepseek2.attention.key_length_mla", 192)
    assert memory(builder, 1000) == 27 * 576 * 1000 * 2


def test_memory_of_mixed_layers() -> None:
    """Layers without key heads keep a fixed state."""
    builder = arch("jamba").u32("jamba.block_count", 4).u32("jamba.embedding_length", 64)
    builder.u32("jamba.attention.head_count", 4).numbers("jamba.attention.head_count_kv", T.INT32, [0, 0, 2, 0])
    builder.u32("jamba.ssm.conv_kernel", 4).u32("jamba.ssm.inner_size", 128).u32("jamba.ssm.state_size", 16)
    assert memory(builder, 100) == 2 * 2 * 16 * 100 * 2 + 3 * 4 * (3 * 128 + 16 * 128)
    linear = arch("qwen3next").u32("qwen3next.block_count", 8).u32("qwen3next.attention.head_count", 2)
    linear.u32("qwen3next.attention.head_count_kv", 2).u32("qwen3next.attention.key_length", 8)
    linear.u32("qwen3next.attention.value_length", 8)
    assert memory(linear, 100) == 2 * 32 * 100 * 2


@pytest.mark.parametrize(
    "builder",
    [
        arch("llama"),
        arch("llama").u32("llama.block_count", 2**31).u32("llama.attention.head_count", 1),
        arch("llama").u32("llama.block_count", 2).numbers("llama.attention.head_count", T.INT32, [1]).u32("x", 1),
        arch("llama").u32("llama.block_count", 2).scalar("llama.attention.head_count", T.INT32, -4),
    ],
)
def test_memory_unknown_or_small(builder: GgufBuilder) -> None:
    found = facts_of(builder).memory
    assert found is None or found.bytes_for(1000) == 0
