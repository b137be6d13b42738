"""A model whose encoder for pictures cannot be converted is still a text model; the check card says what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modelyard.formats.hf_folder import open_checkpoint
from modelyard.host.machine import Machine
from modelyard.importing.inspect_checkpoint import inspect_checkpoint
from modelyard.importing.inspection import Inspection
from modelyard.importing.planned import contents_of
from modelyard.importing.sources import CheckpointFolder
from tests.builders.family_checkpoints import write_family
from tests.builders.safetensors_file import write_safetensors

MACHINE = Machine("Linux", 8 << 30, 4 << 30, 2)
CODE = "pictures_left_out"


def changed(folder: Path, **vision: Any) -> None:
    """Values of vision_config; None takes one away."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["vision_config"] |= vision
    for key in [key for key, value in vision.items() if value is None]:
        del config["vision_config"][key]
    path.write_text(json.dumps(config), encoding="utf-8")


def inspected(folder: Path) -> Inspection:
    seen = inspect_checkpoint(CheckpointFolder(folder), folder, MACHINE)
    assert seen.refusal is None and seen.sizes
    return seen


def is_told(seen: Inspection) -> bool:
    return any(note.code == CODE for note in seen.warnings)


def test_an_encoder_of_another_kind(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "LlavaForConditionalGeneration")
    assert inspected(folder).vision and not is_told(inspected(folder))
    changed(folder, model_type="clip_vision_model")
    seen = inspected(folder)
    assert is_told(seen) and not seen.vision
    assert not seen.sizes[0].projector_bytes


def test_a_setting_is_missing_or_not_what_it_says(tmp_path: Path) -> None:
    folder = write_family(tmp_path / "m", "Qwen3_5ForConditionalGeneration")
    changed(folder, patch_size=None)
    assert is_told(inspected(folder))
    changed(folder, patch_size="wide")
    assert is_told(inspected(folder))


def test_a_class_whose_encoder_is_not_known(tmp_path: Path) -> None:
    assert is_told(inspected(write_family(tmp_path / "m", "KimiVLForConditionalGeneration"))) is False
    folder = write_family(tmp_path / "n", "LlavaForConditionalGeneration")
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"architectures": ["VLlama3ForCausalLM"]}
    path.write_text(json.dumps(config), encoding="utf-8")
    assert is_told(inspected(folder))


def test_the_encoder_has_been_taken_out(tmp_path: Path) -> None:
    """config.json still speaks of it: nothing is left out."""
    folder = write_family(tmp_path / "m", "Qwen2_5_VLForConditionalGeneration")
    table = open_checkpoint(folder)
    reader = table.reader()
    kept = {
        name: reader.read(name, 0, tensor.rows).reshape(tensor.shape)
        for name, tensor in table.tensors.items()
        if "visual." not in name
    }
    write_safetensors(folder / "model.safetensors", {name: values.copy() for name, values in kept.items()})
    reader.close()
    contents = contents_of(open_checkpoint(folder))
    assert contents.projector is None and not any(code == CODE for code, _ in contents.model.warnings)
