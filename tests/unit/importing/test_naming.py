"""Technical names: accepted by every engine, stable, made from any language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.importing.naming import model_title, name_with_size, shown_title, technical_name, unused

ACCEPTED = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SmolLM2-135M-Instruct", "smollm2-135m-instruct"),
        ("Mario  (Küchen-Edition)", "mario-kuchen-edition"),
        ("..hidden..", "hidden"),
        ("模型 1", f"model-1-{technical_name('模型 1')[-6:]}"),
    ],
)
def test_names_people_give(text: str, name: str) -> None:
    assert technical_name(text) == name


@given(st.text(max_size=200))
def test_any_text_gives_an_accepted_stable_name(text: str) -> None:
    name = technical_name(text)
    assert ACCEPTED.fullmatch(name)
    assert technical_name(text) == name


def test_different_chinese_names_differ() -> None:
    assert technical_name("马里奥") != technical_name("路易吉")


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("Llama-3-8B-Instruct-Q4_K_M", "Llama-3-8B-Instruct"),
        ("SmolLM2-135M-Instruct.Q4_1", "SmolLM2-135M-Instruct"),
        ("qwen2.5-0.5b-instruct-fp16-00001-of-00003", "qwen2.5-0.5b-instruct"),
        ("gpt-oss-20b-MXFP4", "gpt-oss-20b"),
        ("Mistral-7B-IQ3_XXS", "Mistral-7B"),
        ("phi-2", "phi-2"),
    ],
)
def test_titles_lose_the_size_and_the_shard(stem: str, title: str) -> None:
    assert model_title(stem) == title


def test_a_file_name_that_says_nothing_gives_way_to_the_name_inside() -> None:
    assert shown_title("model-Q8_0", "Qwen3 0.6B") == "Qwen3 0.6B"
    assert shown_title("SmolLM2-135M.Q4_1", "Mix1 Ep2") == "SmolLM2-135M"


def test_two_sizes_stand_side_by_side() -> None:
    assert name_with_size("qwen", "Q4_K_M") == "qwen:q4_k_m"
    assert unused("qwen:q4_k_m", {"Qwen:Q4_K_M"}) == "qwen-2:q4_k_m"
    assert unused("qwen", {"qwen:latest", "qwen-2"}) == "qwen-3"
