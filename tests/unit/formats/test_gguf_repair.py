"""What a file lacks is proposed only where the rest of it tells what it should be."""

from __future__ import annotations

import jinja2.sandbox
import pytest

from modelyard.formats.gguf import read_header
from modelyard.formats.gguf_repair import PERHAPS, _formats, repairs
from tests.builders.gguf_files import BytesSource, GgufBuilder


def proposals(builder: GgufBuilder) -> dict[str, str | int]:
    source = BytesSource(builder.build())
    return {
        each.kind: each.shown if each.kind != "end_token" else each.value
        for each in repairs(source, read_header(source))
    }


def model(tokens: list[str], architecture: str = "qwen2") -> GgufBuilder:
    builder = GgufBuilder().text("general.architecture", architecture).text("general.type", "model")
    builder.u32(f"{architecture}.block_count", 1).text("tokenizer.ggml.model", "gpt2")
    return builder.texts("tokenizer.ggml.tokens", tokens).tensor("token_embd.weight", (2, 32))


def test_a_whole_file_needs_nothing() -> None:
    builder = model(["a", "<|im_start|>", "<|im_end|>"]).text("tokenizer.ggml.pre", "qwen2")
    builder.text("tokenizer.chat_template", "{{ messages }}").u32("tokenizer.ggml.eos_token_id", 2)
    assert proposals(builder) == {}


def test_everything_missing_is_told_from_vocabulary_and_architecture() -> None:
    assert proposals(model(["a", "<|im_start|>", "<|im_end|>"])) == {
        "chat_template": "chatml",
        "pre_tokenizer": "qwen2",
        "end_token": 2,
    }


def test_an_end_token_outside_the_vocabulary_is_wrong() -> None:
    builder = model(["a", "</s>"], "llama").text("tokenizer.chat_template", "x").text("tokenizer.ggml.pre", "y")
    assert proposals(builder.u32("tokenizer.ggml.eos_token_id", 99)) == {"end_token": 1}


@pytest.mark.parametrize(
    ("architecture", "vocabulary", "name"),
    [
        ("llama", 128256, "llama-bpe"),
        ("exaone", 102400, "exaone"),
        ("deepseek2", 102400, "deepseek-llm"),
        ("stablelm", 100352, "stablelm2"),
        ("stablelm", 50304, None),
        ("phi3", 100352, "dbrx"),
        ("starcoder2", 49152, "starcoder"),
    ],
)
def test_models_of_one_vocabulary_size_may_cut_words_differently(
    architecture: str, vocabulary: int, name: str | None
) -> None:
    builder = model([str(number) for number in range(vocabulary)], architecture).text("tokenizer.chat_template", "x")
    found = proposals(builder.u32("tokenizer.ggml.eos_token_id", 0))
    assert found == ({"pre_tokenizer": name} if name else {})


SURE = "chat_template"
CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
GEMMA = ["<eos>", "<start_of_turn>", "<end_of_turn>"]


@pytest.mark.parametrize(
    ("tokens", "end", "names", "offered"),
    [
        (CHATML, 2, {}, SURE),
        (CHATML, 0, {}, PERHAPS),
        (["</s>", *CHATML], 0, {}, SURE),
        (CHATML, 0, {"name": "Tiny 1B Instruct"}, SURE),
        (CHATML, 0, {"finetune": "Lexi"}, SURE),
        (CHATML, 2, {"name": "Tiny-1B-Base"}, None),
        (CHATML, 9, {"finetune": "base"}, None),
        (GEMMA, 0, {}, SURE),
        (GEMMA, 0, {"basename": "gemma-2", "finetune": "it"}, SURE),
        (GEMMA, 0, {"basename": "gemma-2"}, PERHAPS),
        (GEMMA, 0, {"basename": "gemma-3", "finetune": "pretrained"}, None),
        (GEMMA, 0, {"basename": "gemma-3", "finetune": "pt"}, PERHAPS),
    ],
)
def test_a_base_model_gets_no_conversation(
    tokens: list[str], end: int, names: dict[str, str], offered: str | None
) -> None:
    builder = model(tokens).text("tokenizer.ggml.pre", "qwen2").u32("tokenizer.ggml.eos_token_id", end)
    for key, text in names.items():
        builder.text(f"general.{key}", text)
    assert next((kind for kind in proposals(builder) if kind.startswith(SURE)), None) == offered


@pytest.mark.parametrize(
    ("tokens", "template", "end"),
    [
        (["</s>", "<|im_end|>", "[INST]", "[/INST]"], None, 0),
        (["<|im_end|>", "<|endoftext|>"], "{{ m }}<|im_end|>", 0),
        (["<|im_end|>", "<|endoftext|>"], None, 1),
        (["<|endoftext|>", "<|im_sep|>", "<|im_end|>", "<|im_start|>"], None, 2),
    ],
)
def test_the_end_is_that_of_the_template(tokens: list[str], template: str | None, end: int) -> None:
    builder = model(tokens).text("tokenizer.ggml.pre", "qwen2")
    if template:
        builder.text("tokenizer.chat_template", template)
    assert proposals(builder)["end_token"] == end


def test_what_cannot_be_told_is_not_proposed() -> None:
    assert proposals(model(["a", "b"], "unheard-of")) == {}


def test_embedding_models_and_projectors_are_left_alone() -> None:
    assert proposals(model(["a"], "bert").u32("bert.pooling_type", 1)) == {}


@pytest.mark.parametrize("name", list(_formats()))
def test_every_template_renders_a_conversation(name: str) -> None:
    known = _formats()[name]
    template = jinja2.sandbox.ImmutableSandboxedEnvironment().from_string(known["jinja"])
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Bye"},
    ]
    text = template.render(messages=messages, bos_token="<s>", add_generation_prompt=True)
    positions = [text.index(each["content"]) for each in messages]
    assert positions == sorted(positions)
    assert known["end"] in text
