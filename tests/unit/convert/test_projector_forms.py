"""Encoders in the forms that different versions of transformers save: the projector is the same, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.describe import describe
from modelyard.convert.projector import projector_content
from modelyard.events import CancelToken
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family
from tests.builders.safetensors_file import write_safetensors


def projector(folder: Path) -> bytes:
    table = open_checkpoint(folder)
    content, reader, result = projector_content(table), table.reader(), folder.parent / "mmproj.gguf"
    assert content is not None
    try:
        write_gguf(content, "f16", reader, result, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    return result.read_bytes()


def change_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def rewrite(folder: Path, name_of: Callable[[str], str | None]) -> None:
    """Tensors by other names; None takes one away."""
    table = open_checkpoint(folder)
    reader = table.reader()
    values = {
        target: reader.read(name, 0, tensor.rows).reshape(tensor.shape).copy()
        for name, tensor in table.tensors.items()
        if (target := name_of(name)) is not None
    }
    reader.close()
    write_safetensors(folder / "model.safetensors", values)


def only_in_the_text_model(config: dict[str, Any]) -> None:
    config["text_config"]["architectures"] = config.pop("architectures")


def edges_only(values: dict[str, Any]) -> None:
    values["size"] = {"shortest_edge": values.pop("min_pixels"), "longest_edge": values.pop("max_pixels")}


@pytest.mark.parametrize("name", ["Gemma3ForConditionalGeneration", "Lfm2VlForConditionalGeneration"])
def test_transformers_5_drops_a_step_of_the_tower(name: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", name)
    before = projector(folder)
    rewrite(folder, lambda name: name.replace("vision_tower.vision_model.", "vision_tower."))
    assert projector(folder) == before


def test_transformers_5_spells_lightonocr_anew(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "LightOnOCRForConditionalGeneration")
    before = projector(folder)
    change_json(
        folder / "config.json", lambda config: config.update(architectures=["LightOnOcrForConditionalGeneration"])
    )
    assert projector(folder) == before


@pytest.mark.parametrize("name", ["Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"])
def test_transformers_4_57_names_the_class_in_the_text_model_s_part(name: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", name)
    before = projector(folder)
    change_json(folder / "config.json", only_in_the_text_model)
    assert projector(folder) == before
    assert describe(open_checkpoint(folder).config).sees


@pytest.mark.parametrize(
    "name",
    [
        "Qwen2_5_VLForConditionalGeneration",
        "Qwen3VLForConditionalGeneration",
        "Lfm2VlForConditionalGeneration",
        "Llama4ForConditionalGeneration",
        "LlavaForConditionalGeneration",
        "Glm4vForConditionalGeneration",
    ],
)
def test_a_folder_without_preprocessor_config_has_the_usual_colours(name: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", name)
    before = projector(folder)
    (folder / "preprocessor_config.json").unlink()
    assert projector(folder) == before


@pytest.mark.parametrize("name", ["DotsOCRForCausalLM", "PaddleOCRVLForConditionalGeneration"])
def test_the_pixels_of_a_picture_may_stand_as_edges(name: str, tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", name)
    before = projector(folder)
    change_json(folder / "preprocessor_config.json", edges_only)
    assert projector(folder) == before


def test_an_encoder_with_fewer_layers_than_its_projector_has_steps(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "Qwen2_5_VLForConditionalGeneration")
    rewrite(folder, lambda name: None if name.startswith(("visual.blocks.2.", "visual.blocks.3.")) else name)
    change_json(
        folder / "config.json", lambda config: config["vision_config"].update(depth=2, fullatt_block_indexes=[1])
    )
    assert b"mm.2.weight" in projector(folder)
