"""The file for pictures counts: on the check card, in memory and on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.convert.content import GgufContent
from modelyard.convert.plan import gguf_content
from modelyard.convert.projector import projector_content
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.errors import Code
from modelyard.events import CancelToken
from modelyard.formats.checkpoint import Checkpoint
from modelyard.formats.hf_folder import open_checkpoint
from modelyard.host.folders import Folders
from modelyard.host.machine import Machine
from modelyard.importing import drives
from modelyard.importing.describe import describe
from modelyard.importing.inspect_checkpoint import inspect_checkpoint
from modelyard.importing.inspect_gguf import inspect_gguf
from modelyard.importing.inspection import Inspection, Refusal
from modelyard.importing.plan import NO_ENGINE, DriveUse, ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan
from modelyard.importing.sources import CheckpointFolder, GgufFile
from modelyard.importing.surroundings import Surroundings
from modelyard.quantize.writer import write_gguf
from tests.builders.family_checkpoints import write_family

MACHINE = Machine("Linux", 8 << 30, 4 << 30, 2)


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Surroundings]:
    folders = Folders(tmp_path / "data")
    folders.make()
    engine = BuiltinEngine(folders.models, describe=describe)
    yield Surroundings(MACHINE, folders, {"builtin": engine}, lambda: pytest.fail("no Hub"))
    engine.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_family(tmp_path / "seeing", "Qwen2_5_VLForConditionalGeneration")


def written(checkpoint: Checkpoint, content: GgufContent | None, path: Path) -> Path:
    assert content is not None
    reader = checkpoint.reader()
    try:
        write_gguf(content, "f16", reader, path, listener=lambda event: None, cancel=CancelToken())
    finally:
        reader.close()
    return path


def drive(seen: Inspection, around: Surroundings, **choice: object) -> DriveUse:
    plan = make_plan(seen, ImportChoice(**{"engine": "builtin", "name": "seeing", **choice}), around)  # type: ignore[arg-type]
    assert isinstance(plan, ImportPlan)
    (use,) = plan.drives
    return use


def test_of_a_model_folder(folder: Path, around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = inspect_checkpoint(CheckpointFolder(folder), folder, MACHINE)
    checkpoint = open_checkpoint(folder)
    made = written(checkpoint, projector_content(checkpoint), tmp_path / "mmproj.gguf").stat().st_size
    option = seen.option("Q8_0")
    assert option.projector_bytes == made
    assert option.disk_bytes == option.result_bytes + made == option.memory.weights
    use = drive(seen, around, size="Q8_0")
    assert use.peak == use.after == option.disk_bytes
    use = drive(seen, around, size="Q8_0", engine=NO_ENGINE, output=tmp_path / "out.gguf")
    assert use.peak == use.after == option.disk_bytes  # it is written beside the file that was asked for
    room = option.disk_bytes - made // 2
    monkeypatch.setattr(drives, "free_space", lambda _folder: room)
    refused = make_plan(seen, ImportChoice(engine="builtin", name="seeing", size="Q8_0"), around)
    assert isinstance(refused, Refusal) and refused.code is Code.DISK_FULL


def test_of_a_file_with_one_beside_it(folder: Path, around: Surroundings, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(folder)
    model = written(checkpoint, gguf_content(checkpoint), tmp_path / "seeing.gguf")
    beside = written(checkpoint, projector_content(checkpoint), tmp_path / "mmproj-seeing.gguf").stat().st_size
    seen = inspect_gguf(GgufFile(model), model, MACHINE)
    whole, smaller = seen.option("as-is"), seen.option("Q4_K_M")
    assert whole.projector_bytes == smaller.projector_bytes == beside
    assert whole.memory.weights == model.stat().st_size + beside
    use = drive(seen, around, size=whole.size)
    assert use.peak == use.after == whole.disk_bytes
    use = drive(seen, around, size="Q4_K_M")
    assert use.peak == use.after == smaller.disk_bytes
    use = drive(seen, around, size=whole.size, engine=NO_ENGINE, output=tmp_path / "out.gguf")
    assert use.peak == use.after == whole.result_bytes  # only the file itself is asked for
