"""From what a person points at to a checkpoint."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint import architecture_of
from modelyard.formats.hf_folder import open_checkpoint, read_checkpoint
from tests.builders.checkpoint_folder import model_folder, shard, weights, write_json
from tests.builders.safetensors_file import write_safetensors
from tests.builders.torch_file import contiguous, write_torch


def refused(path: Path) -> ModelyardError:
    with pytest.raises(ModelyardError) as caught:
        open_checkpoint(path)
    return caught.value


def test_a_folder_its_parent_a_shard_and_a_zip_are_the_same_model(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "above" / "Tiny-Llama")
    packed = tmp_path / "download.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"Tiny-Llama/{file.name}")
    for path in (folder, tmp_path / "above", folder / "model.safetensors", folder / "config.json", packed):
        checkpoint = open_checkpoint(path)
        assert checkpoint.name == "Tiny-Llama"
        assert list(checkpoint.tensors) == sorted(weights())
        reader = checkpoint.reader()
        assert np.array_equal(reader.read("lm_head.weight", 1, 3), weights()["lm_head.weight"][1:3])
        reader.close()


def test_shards_in_name_order_names_sorted_within(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    a, b = (
        {"z.weight": np.zeros((1, 2), np.float16)},
        {"b.weight": np.zeros(2, np.float32), "a.weight": np.zeros(1, np.float32)},
    )
    shard(folder, {"model-00002-of-00002.safetensors": b, "model-00001-of-00002.safetensors": a})
    assert list(open_checkpoint(folder).tensors) == ["z.weight", "a.weight", "b.weight"]


def test_a_numbered_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    shard(folder, {"model-00001-of-00003.safetensors": weights()}, index=False)
    error = refused(folder)
    assert error.code is Code.CHECKPOINT_INCOMPLETE
    assert error.fields["missing"] == "model-00002-of-00003.safetensors, model-00003-of-00003.safetensors"


def test_a_shard_the_index_names_is_missing(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    shard(folder, {"model-00001-of-00002.safetensors": weights()})
    write_json(folder / "model.safetensors.index.json", {"weight_map": {"x": "model-00002-of-00002.safetensors"}})
    assert refused(folder).fields["missing"] == "model-00002-of-00002.safetensors"


def test_a_tensor_the_index_promises_is_missing(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    mapping = dict.fromkeys([*weights(), "model.layers.0.weight"], "model.safetensors")
    write_json(folder / "model.safetensors.index.json", {"weight_map": mapping})
    assert refused(folder).code is Code.CHECKPOINT_INCOMPLETE


def test_safetensors_are_preferred_to_pickles(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    write_torch(folder / "pytorch_model.bin", {"x": contiguous(0, "F32", (2,))}, [np.zeros(2, np.float32)])
    checkpoint = open_checkpoint(folder)
    assert "x" not in checkpoint.tensors and checkpoint.risks == ()
    (folder / "model.safetensors").unlink()
    checkpoint = open_checkpoint(folder)
    assert list(checkpoint.tensors) == ["x"] and checkpoint.risks == ("pickle",)


def test_consolidated_weights_are_the_makers_own_form(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "consolidated.safetensors")
    (folder / "config.json").rename(folder / "params.json")
    checkpoint = open_checkpoint(folder)
    assert checkpoint.original_format and "architectures" in checkpoint.config


def test_remote_code_is_noted(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m", auto_map={"AutoModel": "modeling_x.X"})
    (folder / "modeling_x.py").write_text("raise SystemExit", encoding="utf-8")
    assert open_checkpoint(folder).risks == ("remote_code",)


@pytest.mark.parametrize(
    ("card", "base"),
    [
        ("---\nbase_model: Qwen/Qwen2.5-0.5B\nlicense: mit\n---\n# x", "Qwen/Qwen2.5-0.5B"),
        ("---\nbase_model:\n- 'meta-llama/Llama-3.2-1B'\n- b/c\n---\n", "meta-llama/Llama-3.2-1B"),
        ("---\nbase_model: [a/b, c/d]\n---\n", "a/b"),
        ("---\nbase_model: ../../etc/passwd\n---\n", None),
        ("# no front matter\nbase_model: a/b\n", None),
    ],
)
def test_base_model_of_the_card(tmp_path: Path, card: str, base: str | None) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "README.md").write_text(card, encoding="utf-8")
    assert open_checkpoint(folder).base_model == base


def test_missing_config_names_the_base_model(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").unlink()
    (folder / "README.md").write_text("---\nbase_model: Qwen/Qwen2.5-0.5B\n---\n", encoding="utf-8")
    error = refused(folder)
    assert error.code is Code.CHECKPOINT_NO_CONFIG and error.fields["base_model"] == "Qwen/Qwen2.5-0.5B"


def test_missing_files_may_come_from_elsewhere(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "config.json").unlink()
    checkpoint = open_checkpoint(folder, {"config.json": b'{"architectures": ["X"]}'})
    assert checkpoint.config["architectures"] == ["X"]


def test_several_models_below_are_named(tmp_path: Path) -> None:
    model_folder(tmp_path / "one")
    model_folder(tmp_path / "two")
    error = refused(tmp_path)
    assert error.code is Code.CHECKPOINT_SEVERAL and error.fields["found"] == "one, two"


def test_hugging_face_cache_is_called_after_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "models--Qwen--Qwen2.5-0.5B"
    snapshot = model_folder(repository / "snapshots" / ("0" * 40))
    blob = repository / "blobs" / "abc"
    blob.parent.mkdir()
    (snapshot / "model.safetensors").rename(blob)
    (snapshot / "model.safetensors").symlink_to(blob)
    checkpoint = open_checkpoint(snapshot)
    assert checkpoint.name == "Qwen2.5-0.5B"
    checkpoint.reader().read("lm_head.weight", 0, 1)


@pytest.mark.parametrize(
    ("dtypes", "outtype"),
    [(("F32", "BF16", "F16"), "bf16"), (("F32", "F16", "BF16"), "f16"), (("F32", "F32", "F32"), "f16")],
)
def test_original_precision_is_the_first_matrix_of_sixteen_bits(
    tmp_path: Path, dtypes: tuple[str, ...], outtype: str
) -> None:
    types = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
    folder = model_folder(tmp_path / "m", {f"t{n}": np.zeros((2, 2), types[t]) for n, t in enumerate(dtypes)})
    assert open_checkpoint(folder).original == outtype


def test_architecture_is_chosen_as_llama_cpp_does() -> None:
    inner = {
        "text_config": {"architectures": ["Gemma3ForCausalLM"]},
        "architectures": ["Gemma3ForConditionalGeneration"],
    }
    assert architecture_of(inner, "m") == "Gemma3ForCausalLM"
    assert architecture_of({"architectures": ["LlamaForCausalLM", "x"]}, "m") == "LlamaForCausalLM"
    assert architecture_of({"ssm_cfg": {}}, "m") == "MambaForCausalLM"
    for config in ({}, {"architectures": []}, {"architectures": "Llama"}, {"architectures": [3]}):
        with pytest.raises(ModelyardError) as caught:
            architecture_of(config, "m")
        assert caught.value.code is Code.CHECKPOINT_NO_ARCHITECTURE


def test_without_local_weights_a_reader_is_told_where_they_are(tmp_path: Path) -> None:
    from modelyard.formats.checkpoint_folder import LocalFolder

    folder = model_folder(tmp_path / "m")
    tree = LocalFolder(folder)
    checkpoint = read_checkpoint(tree)
    with pytest.raises(ValueError, match="not on this computer"):
        checkpoint.reader()
    asked: list[str] = []
    reader = checkpoint.reader(lambda name: asked.append(name) or tree.locate(name))
    assert asked == []
    reader.read("lm_head.weight", 0, 1)
    reader.read("model.norm.weight", 0, 1)
    assert asked == ["model.safetensors"]
    reader.close()


def test_peek_reads_tiny_tensors_without_mapping(tmp_path: Path) -> None:
    folder = model_folder(
        tmp_path / "m", {"state": np.arange(5, dtype=np.uint8), "x": np.zeros((300, 300), np.float32)}
    )
    checkpoint = open_checkpoint(folder)
    assert checkpoint.peek(["state"]) == {"state": bytes(range(5))}
    with pytest.raises(ModelyardError) as caught:
        checkpoint.peek(["x"])
    assert caught.value.code is Code.FILE_TOO_BIG


def test_weights_of_any_name_if_nothing_else_is_there(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    assert refused(folder).code is Code.CHECKPOINT_NO_WEIGHTS
    write_safetensors(folder / "tiny-llama.safetensors", weights())
    assert len(open_checkpoint(folder).tensors) == 3
