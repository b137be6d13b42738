"""Sizes with an importance matrix against recorded results of `llama-quantize --imatrix` (b11434): the types and the
bytes of all tensors, of a model with experts too, from both forms of the file.

IQ1_M is not among them: b11434 sums its candidates in another order than libggml-python 0.20.2, whose kernel makes
ours; sums that are equal but for rounding lead to other, equally good blocks.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.plan import gguf_content
from modelyard.events import CancelToken
from modelyard.formats.checkpoint import TensorTable
from modelyard.formats.gguf import read_header
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from modelyard.importing.imatrix import read_importance
from modelyard.quantize.sizes import offered
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family
from tests.builders.imatrix_files import write_imatrix, write_legacy_imatrix

FORMS = {"gguf": write_imatrix, "dat": write_legacy_imatrix}
RECORDED = json.loads(Path(__file__).with_name("recorded_importance.json").read_text(encoding="utf-8"))
CASES = [(name, form, size) for name, forms in RECORDED.items() for form, sizes in forms.items() for size in sizes]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[TensorTable, GgufContent, Path]]:
    made = {}
    for name in RECORDED:
        folder = tmp_path_factory.mktemp(name)
        table = open_checkpoint(write_family(folder / "tiny", name))
        made[name] = table, gguf_content(table), folder
    return made


def test_every_size_that_needs_one_is_recorded() -> None:
    needing = {size.name for size in offered(importance=True) if size.importance}
    assert needing - {size for _, form, size in CASES if form == "gguf"} == {"IQ1_M"}


@pytest.mark.parametrize(("name", "form", "size"), CASES)
def test_same_bytes(
    name: str, form: str, size: str, models: dict[str, tuple[TensorTable, GgufContent, Path]], tmp_path: Path
) -> None:
    table, content, _ = models[name]
    matrix = FORMS[form](tmp_path / f"imatrix.{form}", weighed(content))
    reader = table.reader()
    try:
        write_gguf(
            content,
            size,
            reader,
            tmp_path / "result.gguf",
            listener=lambda event: None,
            cancel=CancelToken(),
            importance=read_importance(matrix),
        )
    finally:
        reader.close()
    assert digest(tmp_path / "result.gguf") == RECORDED[name][form][size]


def weighed(content: GgufContent) -> dict[str, tuple[int, ...]]:
    """The matrices a text passes through."""
    jobs = [job for job in content.tensors if len(job.shape) > 1 and job.name.endswith(".weight")]
    return {job.name: job.shape for job in jobs if not job.name.startswith(("token_embd", "position_embd"))}


def digest(path: Path) -> str:
    """Of names, types and bytes of all tensors, and of the keys of the matrix but its file's name."""
    found = hashlib.sha256()
    with FileSource(path) as source:
        header = read_header(source)
        for tensor in header.tensors:
            found.update(f"{tensor.name} {tensor.type.name} {tensor.shape}".encode())
            found.update(source.read_at(tensor.offset, tensor.nbytes))
        for key in ("quantize.imatrix.dataset", "quantize.imatrix.entries_count", "quantize.imatrix.chunks_count"):
            found.update(str(header.metadata[key].value).encode())
    return found.hexdigest()[:16]
