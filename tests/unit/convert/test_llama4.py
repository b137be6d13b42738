"""Llama 4's experts in the two forms they are stored in."""

from __future__ import annotations

from pathlib import Path

from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family
from tests.builders.safetensors_file import write_safetensors


def converted(folder: Path) -> bytes:
    table = open_checkpoint(folder)
    content, reader, result = gguf_content(table), table.reader(), folder.parent / "model.gguf"
    try:
        write_gguf(content, "f16", reader, result, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    return result.read_bytes()


def test_experts_stored_one_by_one(tmp_path: Path) -> None:
    """As llm-compressor takes them apart to quantize them: the same file as of the stacks."""
    folder = write_family(tmp_path / "Tiny", "Llama4ForCausalLM")
    stacked = converted(folder)
    table = open_checkpoint(folder)
    reader, apart = table.reader(), {}
    for name, tensor in table.tensors.items():
        values = reader.read(name, 0, tensor.rows).reshape(tensor.shape)
        if ".experts." not in name:
            apart[name] = values
            continue
        stem, _, kind = name.rpartition(".")
        for number, expert in enumerate(values):
            half = expert.shape[1] // 2
            both = {"gate_proj": expert[:, :half], "up_proj": expert[:, half:]}
            for part, matrix in (both if kind == "gate_up_proj" else {kind: expert}).items():
                apart[f"{stem}.{number}.{part}.weight"] = matrix.T.copy()
    reader.close()
    assert any(".experts.1.up_proj.weight" in name for name in apart)
    write_safetensors(folder / "model.safetensors", apart)
    assert converted(folder) == stacked
