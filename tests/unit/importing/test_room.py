"""Whether there is room for a result: with what an earlier run has taken already, and told in numbers that agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import Code
from modelyard.events import CancelToken
from modelyard.host.folders import Folders
from modelyard.host.machine import Machine
from modelyard.importing import drives
from modelyard.importing.inspecting import inspect
from modelyard.importing.inspection import Refusal
from modelyard.importing.plan import NO_ENGINE, ImportChoice, ImportPlan
from modelyard.importing.planning import make_plan, work_key
from modelyard.importing.sources import CheckpointFolder
from modelyard.importing.surroundings import Surroundings
from modelyard.selftest.tiny_checkpoint import write_tiny_llama


def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int) -> ImportPlan | Refusal:
    folders = Folders(tmp_path / "data")
    around = Surroundings(Machine("Linux", 8 << 30, 4 << 30, 2), folders, {}, lambda: pytest.fail("no Hub"))
    folder = tmp_path / "m"
    if not folder.exists():
        write_tiny_llama(folder)
    monkeypatch.setattr(drives, "free_space", lambda _: free)
    seen = inspect(CheckpointFolder(folder), around, CancelToken())
    return make_plan(seen, ImportChoice(size="f16", engine=NO_ENGINE, output=tmp_path / "x.gguf"), around)


def test_a_small_disk_needs_no_large_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path, monkeypatch, 1 << 40)
    assert isinstance(plan, ImportPlan)
    size = plan.result_bytes
    assert isinstance(planned(tmp_path, monkeypatch, size + size // 16), ImportPlan)
    refusal = planned(tmp_path, monkeypatch, size + size // 16 - 1)
    assert isinstance(refusal, Refusal) and refusal.code is Code.DISK_FULL
    assert refusal.fields["need_bytes"] == size + size // 16 > refusal.fields["free_bytes"]


def test_what_a_stopped_run_has_taken_need_not_be_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path, monkeypatch, 1 << 40)
    assert isinstance(plan, ImportPlan)
    assert isinstance(planned(tmp_path, monkeypatch, 1), Refusal)
    (tmp_path / "x.gguf.part").write_bytes(b"x" * plan.result_bytes)
    assert isinstance(planned(tmp_path, monkeypatch, 1), ImportPlan)


def test_what_a_stopped_fetch_has_taken_need_not_be_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a repository: its files lie in the workspace, its result bears another name until it is proven."""
    plan = planned(tmp_path, monkeypatch, 1 << 40)
    assert isinstance(plan, ImportPlan)
    half = plan.result_bytes // 2
    (tmp_path / "x.gguf.unproven.part").write_bytes(b"x" * half)
    assert isinstance(planned(tmp_path, monkeypatch, 1), Refusal)
    fetched = tmp_path / "data" / "work" / work_key(plan) / "fetched"
    fetched.mkdir(parents=True)
    (fetched / "model.safetensors.part").write_bytes(b"x" * (plan.result_bytes - half))
    assert isinstance(planned(tmp_path, monkeypatch, 1), ImportPlan)
