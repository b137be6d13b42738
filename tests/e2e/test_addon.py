"""An add-on and its base become one model, wherever the two lie."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.formats.gguf import read_header
from modelyard.formats.source import FileSource
from modelyard.selftest.tiny_checkpoint import tiny_weights, write_tiny_llama
from tests.builders.hub_server import running_hub
from tests.builders.safetensors_file import write_safetensors

from .program import run

RANK, ALPHA = 4, 8
MODULE = "model.layers.1.self_attn.v_proj"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("base") / "Tiny-Base")


@pytest.fixture(scope="module")
def pair() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    chance = np.random.default_rng(3)
    down = chance.standard_normal((RANK, 256)).astype(np.float32)
    up = chance.standard_normal((128, RANK)).astype(np.float32)
    return down, up


@pytest.fixture(scope="module")
def addon(tmp_path_factory: pytest.TempPathFactory, pair: tuple[NDArray[np.float32], NDArray[np.float32]]) -> Path:
    folder = tmp_path_factory.mktemp("addon") / "Pirate-LoRA"
    folder.mkdir()
    config = {
        "peft_type": "LORA",
        "r": RANK,
        "lora_alpha": ALPHA,
        "target_modules": ["v_proj"],
        "base_model_name_or_path": "studio/Tiny-Base",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    stem = f"base_model.model.{MODULE}"
    write_safetensors(
        folder / "adapter_model.safetensors",
        {f"{stem}.lora_A.weight": pair[0], f"{stem}.lora_B.weight": pair[1]},
    )
    return folder


def merged_by_hand(pair: tuple[NDArray[np.float32], NDArray[np.float32]]) -> NDArray[np.float64]:
    bits = tiny_weights(vocabulary_size(), 2, 256, 0)[f"{MODULE}.weight"]
    original = (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    result: NDArray[np.float64] = original + ALPHA / RANK * pair[1].astype(np.float64) @ pair[0].astype(np.float64)
    return result


def vocabulary_size() -> int:
    return 3 + 256 + 67


def tensor(path: Path, name: str) -> NDArray[Any]:
    with FileSource(path) as source:
        found = next(each for each in read_header(source).tensors if each.name == name)
        return np.frombuffer(source.read_at(found.offset, found.nbytes), np.float32).reshape(found.shape)


def test_both_here(base: Path, addon: Path, tmp_path: Path, pair: Any) -> None:
    output = tmp_path / "x.gguf"
    made = run(
        "import",
        str(addon),
        "--base",
        str(base),
        "--size",
        "F32",
        "--output",
        str(output),
        "--json",
        data=tmp_path / "d",
    )
    assert made.status == 0, made.errors
    merged = tensor(output, "blk.1.attn_v.weight")
    np.testing.assert_allclose(merged, merged_by_hand(pair), rtol=1e-5, atol=1e-5)


def test_both_on_the_hub(base: Path, addon: Path, tmp_path: Path, pair: Any) -> None:
    with running_hub() as hub:
        hub.add("studio/Tiny-Base", {path.name: path for path in base.iterdir()})
        hub.add("me/Pirate-LoRA", {path.name: path for path in addon.iterdir()})
        output = tmp_path / "x.gguf"
        arguments = ["--size", "F32", "--output", str(output), "--json"]
        made = run("import", "me/Pirate-LoRA", *arguments, data=tmp_path / "d", HF_ENDPOINT=hub.url)
        assert made.status == 0, made.errors
        np.testing.assert_allclose(tensor(output, "blk.1.attn_v.weight"), merged_by_hand(pair), rtol=1e-5, atol=1e-5)
        # A tool that put the base's config.json beside it, and a base that is named by hand.
        hub.add("me/With-Config", {path.name: path for path in [*addon.iterdir(), base / "config.json"]})
        named = ["--base", str(base), *arguments[:-3], "--output", str(tmp_path / "y.gguf"), "--json"]
        made = run("import", "me/With-Config", *named, data=tmp_path / "d", HF_ENDPOINT=hub.url)
        assert made.status == 0, made.output[-800:]
        merged = tensor(tmp_path / "y.gguf", "blk.1.attn_v.weight")
        np.testing.assert_allclose(merged, merged_by_hand(pair), rtol=1e-5, atol=1e-5)
        seen = run("inspect", str(addon), "--json", data=tmp_path / "d", HF_ENDPOINT=hub.url)
        assert seen.last["form"] == "adapter" and seen.last["base_model"] == "studio/Tiny-Base"
        assert seen.last["base_place"] == "hub"


def test_a_compressed_zip_of_an_add_on(base: Path, addon: Path, tmp_path: Path, pair: Any) -> None:
    packed = shutil.make_archive(str(tmp_path / "Pirate"), "zip", addon.parent, addon.name)
    output = tmp_path / "x.gguf"
    arguments = ["--base", str(base), "--size", "F32", "--output", str(output), "--json"]
    made = run("import", packed, *arguments, data=tmp_path / "d")
    assert made.status == 0, made.output[-500:]
    np.testing.assert_allclose(tensor(output, "blk.1.attn_v.weight"), merged_by_hand(pair), rtol=1e-5, atol=1e-5)


def test_it_runs_in_the_engine(base: Path, addon: Path, tmp_path: Path) -> None:
    (addon / "README.md").write_text("---\nbase_model: studio/Tiny-Base\n---\n", encoding="utf-8")
    made = run("import", str(addon), "--base", str(base), "--size", "Q8_0", "--json", data=tmp_path)
    assert made.status == 0 and made.last["name"].startswith("pirate-lora"), made.output[-500:]


def test_a_base_that_cannot_be_found_is_asked_for(addon: Path, tmp_path: Path) -> None:
    seen = run("import", str(addon), "--base", str(tmp_path / "nowhere"), "--json", data=tmp_path)
    assert seen.status == 1 and seen.last["code"] == "file_missing"


def test_a_gguf_as_base(base: Path, addon: Path, tmp_path: Path, pair: Any) -> None:
    whole = tmp_path / "base.gguf"
    assert run("import", str(base), "--size", "BF16", "--output", str(whole), data=tmp_path / "d").status == 0
    output = tmp_path / "x.gguf"
    arguments = ["--base", str(whole), "--size", "F32", "--output", str(output), "--json"]
    made = run("import", str(addon), *arguments, data=tmp_path / "d")
    assert made.status == 0, made.output[-500:]
    np.testing.assert_allclose(tensor(output, "blk.1.attn_v.weight"), merged_by_hand(pair), rtol=1e-5, atol=1e-5)


def test_a_compressed_zip_of_a_folder(base: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "Tiny-Base"), "zip", base.parent, base.name)
    outputs = [tmp_path / "a.gguf", tmp_path / "b.gguf"]
    for source, output in zip((packed, str(base)), outputs, strict=True):
        made = run("import", source, "--size", "Q4_K_M", "--output", str(output), "--json", data=tmp_path / "d")
        assert made.status == 0, made.output[-500:]
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
