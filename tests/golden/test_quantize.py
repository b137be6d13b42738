"""Whole files against llama-quantize: the same bytes from first to last, from a checkpoint and from its GGUF."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelyard.convert.dequantize import unpacked
from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.gguf import read_header
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from modelyard.quantize.gguf_source import GgufFile, GgufWeights, stored_content
from modelyard.quantize.writer import write_gguf
from tests.golden.test_goldens import CORPUS, tool

CASES = ("tiny-llama-st", "gemma2-spm", "mixtral-spm", "falcon-new", "phi3-longrope", "gpt2", "fp8-block")


@pytest.mark.parametrize("case", CASES)
def test_files_are_those_of_llama_quantize(case: str, tmp_path: Path) -> None:
    folder = CORPUS / "cases" / case
    if not folder.is_dir():
        pytest.skip(f"{folder} does not stand here")
    goldens = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("golden-[QI]*.json"))]
    names = [path.stem.removeprefix("golden-") for path in sorted(folder.glob("golden-[QI]*.json"))]
    assert goldens
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    checkpoint = tmp_path / recipe["dir_name"]
    tool("make_checkpoint").main(str(folder), str(checkpoint))
    table = unpacked(open_checkpoint(checkpoint))
    content, reader = gguf_content(table), table.reader()
    source = tmp_path / "source.gguf"
    try:
        write_gguf(content, goldens[0]["source_outtype"], reader, source, listener=lambda e: None, cancel=CancelToken())
        with FileSource(source) as opened:
            file = GgufFile(source, read_header(opened))
        for name, golden in zip(names, goldens, strict=True):
            for what, weights in ((content, reader), (stored_content([file]), GgufWeights([file]))):
                result = tmp_path / "result.gguf"
                written = write_gguf(what, name, weights, result, listener=lambda e: None, cancel=CancelToken())
                assert written.sha256 == golden["file_sha256"], (name, type(what).__name__)
    finally:
        reader.close()
