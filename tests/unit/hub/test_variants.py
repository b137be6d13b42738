"""GGUF repositories: what belongs together, and what to recommend."""

from __future__ import annotations

import pytest

from modelyard.hub.values import RepoFile
from modelyard.hub.variants import GgufVariant, gguf_variants

GB = 10**9


def files(*names: str) -> list[RepoFile]:
    return [RepoFile(name, (position + 1) * GB) for position, name in enumerate(names)]


def path_of(variant: GgufVariant | None) -> str:
    return variant.files[0].path if variant else ""


@pytest.mark.parametrize(
    ("name", "size", "base"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M", "Llama-3.2-1B-Instruct"),
        ("model.Q8_0.gguf", "Q8_0", "model"),
        ("qwen2.5-7b-instruct-q5_k_m.gguf", "Q5_K_M", "qwen2.5-7b-instruct"),
        ("m-fp16.gguf", "F16", "m"),
        ("m-BF16.gguf", "BF16", "m"),
        ("m.i1-IQ3_XXS.gguf", "IQ3_XXS", "m"),
        ("m-UD-Q4_K_XL.gguf", "UD-Q4_K_XL", "m"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4", "gpt-oss-20b"),
        ("m-IQ4_NL.gguf", "IQ4_NL", "m"),
        ("m-TQ1_0.gguf", "TQ1_0", "m"),
        ("Q4_K_M/model.gguf", "Q4_K_M", "model"),
        ("ggml-model-Q4_0_4_8.gguf", "Q4_0_4_8", "ggml-model"),
        ("model.gguf", "", "model"),
        ("Qwen2.5-coder.gguf", "", "Qwen2.5-coder"),
    ],
)
def test_the_size_is_read_from_the_name(name: str, size: str, base: str) -> None:
    (variant,) = gguf_variants(files(name)).variants
    assert (variant.size, variant.base) == (size, base)


def test_split_sets_stay_together_in_order() -> None:
    names = [f"Q6_K/m-Q6_K-{n:05}-of-00003.gguf" for n in (3, 1, 2)]
    (variant,) = gguf_variants(files(*names)).variants
    assert [file.path for file in variant.files] == sorted(names)
    assert variant.complete and variant.total_bytes == 6 * GB and variant.size == "Q6_K"


def test_a_missing_part_is_named() -> None:
    (variant,) = gguf_variants(files("m-Q8_0-00001-of-00003.gguf")).variants
    assert variant.missing == (2, 3) and not variant.complete


def test_a_hostile_part_count_costs_nothing() -> None:
    (variant,) = gguf_variants(files("m-Q8_0-00001-of-99999.gguf")).variants
    assert not variant.complete and len(variant.missing) < 10_000


def test_projectors_and_matrices_stand_apart() -> None:
    found = gguf_variants(files("m-Q4_K_M.gguf", "mmproj-F16.gguf", "m.imatrix.gguf", "README.md", "imatrix.dat"))
    assert [variant.size for variant in found.variants] == ["Q4_K_M"]
    assert [file.path for file in found.projectors] == ["mmproj-F16.gguf"]


def test_a_variant_by_size_or_file() -> None:
    found = gguf_variants(files("m-Q4_K_M.gguf", "m-Q8_0.gguf", "sub/m-F16.gguf"))
    assert path_of(found.variant("q8_0")) == "m-Q8_0.gguf"
    assert path_of(found.variant("fp16")) == "sub/m-F16.gguf"
    assert path_of(found.variant("sub/m-F16.gguf")) == "sub/m-F16.gguf"
    assert found.variant("Q2_K") is None


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(100 * GB, "Q4_K_M"), (6 * GB, "Q4_K_M"), (4 * GB, "Q3_K_M"), (1 * GB, "Q2_K"), (2.5 * GB, "IQ2_M")],
)
def test_the_recommended_size(memory: float, expected: str) -> None:
    found = gguf_variants(files("m-Q2_K.gguf", "m-IQ2_M.gguf", "m-Q3_K_M.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf"))
    best = found.recommended(int(memory))
    assert best is not None and best.size == expected


def test_nothing_to_recommend() -> None:
    assert gguf_variants([]).recommended(GB) is None
    assert gguf_variants(files("m-Q8_0-00001-of-00002.gguf")).recommended(GB) is None
