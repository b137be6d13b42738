"""Every class name of the table of families: its tiny checkpoint converts, and llama.cpp loads it and answers, at F16
and at Q4_K_M."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.convert.dequantize import unpacked
from modelyard.convert.describe import known_families
from modelyard.convert.plan import gguf_content
from modelyard.errors import ModelyardError
from modelyard.events import CancelToken
from modelyard.formats.ggml_types import GgmlType
from modelyard.formats.gguf import read_header
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.formats.source import FileSource
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import CASES, WIDTH, embeds, write_family
from tests.builders.llama_child import TOKENS, use

SIZES = ("F16", "Q4_K_M")
AT_A_TIME = 30  # classes: files are gone before the next are made


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """(class, size) → what llama.cpp made of it, or why there is no file."""
    folder = tmp_path_factory.mktemp("families")
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(CASES), AT_A_TIME):
        names = list(CASES)[start : start + AT_A_TIME]
        files: dict[Path, tuple[str, str]] = {}
        for name in names:
            try:
                files |= {path: (name, size) for size, path in _converted(folder, name).items()}
            except ModelyardError as error:
                found |= {(name, size): f"not converted: {error}" for size in SIZES}
        results = use(files, vectors=[path for path, (name, _) in files.items() if embeds(name)])
        found |= {files[path]: result for path, result in results.items()}
        for path in files:
            path.unlink()
    return found


def _converted(folder: Path, name: str) -> dict[str, Path]:
    """llama.cpp goes by some models' names ("Phi3 has <|endoftext|>"): the folder has none."""
    checkpoint = write_family(folder / name / "tiny", name)
    table = unpacked(open_checkpoint(checkpoint))
    content = gguf_content(table)
    made: dict[str, Path] = {}
    reader = table.reader()
    try:
        for size in SIZES:
            made[size] = folder / f"{name}-{size}.gguf"
            write_gguf(content, size, reader, made[size], listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    (checkpoint / "model.safetensors").unlink()
    with FileSource(made["Q4_K_M"]) as source:
        kinds = {tensor.type for tensor in read_header(source).tensors}
    assert kinds & {GgmlType.Q4_K, GgmlType.Q6_K}, name
    return made


def test_no_class_is_left_out() -> None:
    assert set(CASES) == {info.class_name for info in known_families()}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CASES)
def test_loads_and_answers(name: str, size: str, outcomes: dict[tuple[str, str], str]) -> None:
    assert outcomes[name, size] == str(WIDTH if embeds(name) else TOKENS)
