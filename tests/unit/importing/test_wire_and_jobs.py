"""Values cross the pipe unchanged; jobs survive a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.errors import Code
from modelyard.events import Step
from modelyard.importing.inspection import AS_IS, Fit, Group, Inspection, MemorySum, Note, Refusal, SizeOption
from modelyard.importing.jobs import JobBook, JobState
from modelyard.importing.plan import DriveUse, ImportChoice, ImportPlan, PlannedStep
from modelyard.importing.sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel, Source
from modelyard.importing.wire import from_json, to_json
from modelyard.modelfile.persona import ExampleMessage, Persona

PERSONA = Persona(
    name="Mario",
    system="You are Mario.\n你是马里奥。",
    parameters={"temperature": 0.7, "num_ctx": 8192, "stop": ("a", "b"), "use_mmap": True},
    messages=(ExampleMessage("user", "hi"),),
    picture=b"\x89PNG\x00",
)
PLAN = ImportPlan(
    source=GgufFile(Path("/tmp/模型/a b.gguf")),
    choice=ImportChoice(size="Q4_K_M", persona=PERSONA, output=Path("/tmp/x.gguf")),
    steps=(PlannedStep(Step.ADDING, 5),),
    drives=(DriveUse("/", 10, 5, 5),),
    result_bytes=5,
    form="gguf",
)


@pytest.mark.parametrize(
    "source",
    [
        GgufFile(Path("/a/b.gguf")),
        CheckpointFolder(Path("/a")),
        AdapterFolder(Path("/a"), "org/base"),
        HubRepo("org/name", "main", "x.gguf", "Q8_0"),
        LibraryModel("ollama", "llama3"),
    ],
)
def test_sources_cross_the_pipe(source: Source) -> None:
    assert from_json(Source, to_json(source)) == source  # type: ignore[arg-type]


def test_plans_and_inspections_cross_the_pipe() -> None:
    assert from_json(ImportPlan, to_json(PLAN)) == PLAN
    seen = Inspection(
        source=PLAN.source,
        form="gguf",
        title="模型",
        suggested_name="x",
        sizes=(SizeOption(AS_IS, 5, 0, Group.BALANCED, MemorySum(1, 2, 3, 4096), Fit.SLOW, 1.5),),
        risks=(Note("pickle", {"n": 1}),),
        refusal=Refusal(Code.DISK_FULL, {"need_bytes": 3}),
    )
    assert from_json(Inspection, to_json(seen)) == seen


@pytest.mark.parametrize("nonsense", [None, 5, [], {}, {"type": "GgufFile"}, "x"])
def test_nonsense_is_a_value_error(nonsense: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        from_json(ImportPlan, nonsense)


def test_jobs_survive_a_restart_and_running_ones_are_interrupted(tmp_path: Path) -> None:
    book = JobBook(tmp_path)
    first = book.add("one", PLAN)
    second = book.add("two", PLAN)
    book.save(replace(first, state=JobState.RUNNING, done=3, total=5, owner="999999999:1.00"))
    book.save(replace(second, state=JobState.DONE, result={"name": "x"}))
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    jobs = {job.title: job for job in JobBook(tmp_path).load()}
    assert jobs["one"].state is JobState.INTERRUPTED and jobs["one"].plan == PLAN
    assert jobs["two"].state is JobState.DONE and jobs["two"].result == {"name": "x"}
    assert (tmp_path / "broken.damaged").exists(), "a damaged record is kept aside"


def test_a_removed_job_is_gone(tmp_path: Path) -> None:
    book = JobBook(tmp_path)
    book.remove(book.add("one", PLAN))
    assert book.load() == []
