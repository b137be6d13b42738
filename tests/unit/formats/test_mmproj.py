"""Projectors: recognised by metadata, paired with the right model."""

from __future__ import annotations

import pytest

from modelyard.formats.gguf import read_header
from modelyard.formats.gguf_facts import GgufFacts, facts
from modelyard.formats.gguf_values import ValueType as T
from modelyard.formats.mmproj import Projector, best_projectors, projector
from tests.builders.gguf_files import BytesSource, GgufBuilder, projector_file, tiny_model


def read(builder: GgufBuilder, name: str) -> Projector:
    found = projector(read_header(BytesSource(builder.build(), name=name)))
    assert found is not None
    return found


def model(architecture: str = "llama", width: int = 64, name: str = "") -> GgufFacts:
    builder = tiny_model(architecture, embedding_length=width).text("general.basename", name)
    return facts(read_header(BytesSource(builder.build())))


def test_a_projector_by_any_name() -> None:
    found = read(projector_file(64), "model.gguf")
    assert (found.types, found.sees, found.hears, found.embedding, found.size) == (("mlp",), True, False, 64, "F16")
    assert projector(read_header(BytesSource(tiny_model().build(), name="mmproj-f16.gguf"))) is None


def test_width_of_transposed_projectors() -> None:
    assert read(projector_file(64, "gemma3"), "mmproj.gguf").embedding == 64


def test_width_from_metadata_alone() -> None:
    builder = GgufBuilder().text("general.architecture", "clip").scalar("clip.has_audio_encoder", T.BOOL, True)
    found = read(builder.u32("clip.audio.projection_dim", 128).tensor("a.x", (32,)), "a.gguf")
    assert (found.embedding, found.sees, found.hears) == (128, False, True)


def test_only_the_right_width_fits() -> None:
    right, wrong = read(projector_file(64), "a.gguf"), read(projector_file(32), "b.gguf")
    assert best_projectors("m.gguf", model(width=64), [wrong, right]) == [right]


@pytest.mark.parametrize(("architecture", "fits"), [("qwen2vl", True), ("qwen2", False)])
def test_only_the_right_architecture_fits(architecture: str, fits: bool) -> None:
    found = read(projector_file(64, "qwen2.5vl_merger"), "mmproj-Qwen2.5-VL-7B-f16.gguf")
    assert bool(best_projectors("m.gguf", model(architecture), [found])) is fits


def test_the_name_decides_among_several() -> None:
    pixtral = read(projector_file(64), "mmproj-Pixtral-12B-F16.gguf")
    ministral = read(projector_file(64), "mmproj-Ministral-14B-F16.gguf")
    both = [pixtral, ministral]
    assert best_projectors("Ministral-14B-Instruct-Q4_K_M.gguf", model(), both)[0] is ministral
    assert best_projectors("a.gguf", model(name="pixtral-12b"), both)[0] is pixtral


def test_f16_before_f32_and_quantized() -> None:
    sizes = {number: read(projector_file(64, size=number), f"mmproj-{number}.gguf") for number in (0, 1, 32)}
    order = best_projectors("m.gguf", model(), sizes.values())
    assert [found.size for found in order] == ["F16", "BF16", "F32"]


def test_a_projector_has_no_projector() -> None:
    other = facts(read_header(BytesSource(projector_file(64).build())))
    assert best_projectors("m.gguf", other, [read(projector_file(64), "a.gguf")]) == []
