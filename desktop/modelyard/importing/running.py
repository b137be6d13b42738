"""Run a confirmed plan: fetch, prepare, add, test. Cancelled or failed, nothing half-made is visible; what was finished
waits in the workspace for the next try."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..engines.base import InstallRequest, Ownership
from ..events import CancelToken, Listener, Step, warning
from ..modelfile.persona import Persona
from .answering_right import put_to_the_test
from .finished_file import look_at
from .inspection import AS_IS
from .plan import NO_ENGINE, ImportPlan
from .planning import work_key
from .prepare import prepare
from .prepared import Prepared
from .steps import copy_file, step
from .surroundings import Surroundings
from .work import Work
from .workspace import Workspace


@dataclass(frozen=True)
class ImportResult:
    """What the done page shows. `path` only when no engine took the file."""

    name: str
    display_name: str
    engine: str
    size: str
    size_bytes: int
    sha256: str = ""
    path: str = ""
    verdict: str = ""
    answer: str = ""
    tokens_per_second: float = 0.0
    original: str = ""  # the person's file or folder, which may now be deleted to save space
    original_bytes: int = 0

    def fields(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value != ""}


def run_import(plan: ImportPlan, surroundings: Surroundings, listener: Listener, cancel: CancelToken) -> ImportResult:
    """Raises the coded errors of every step, and Cancelled. On success the workspace of the job is gone."""
    key = work_key(plan)
    workspace = Workspace(surroundings.work_folder)
    folder = workspace.folder(key)
    try:
        prepared = prepare(Work(plan, folder, surroundings, listener, cancel))
    except BaseException:
        if plan.form == "extended":  # begins anew each time: nothing in the folder helps the next try
            workspace.release(key)
        raise
    for code, fields in prepared.warnings:
        listener(warning(code, **fields))
    cancel.check()
    if plan.choice.engine == NO_ENGINE:
        result = _deliver(plan, prepared, listener, cancel)
    else:
        result = _install(plan, prepared, surroundings, listener, cancel)
    workspace.release(key)
    return result


def _deliver(plan: ImportPlan, prepared: Prepared, listener: Listener, cancel: CancelToken) -> ImportResult:
    """The file itself was asked for."""
    assert plan.choice.output is not None
    with step(Step.ADDING, listener):
        if prepared.path != plan.choice.output:
            copy_file(prepared.path, plan.choice.output, listener, cancel)
    return ImportResult(
        name=plan.choice.output.stem,
        display_name=plan.choice.display_name,
        engine=NO_ENGINE,
        size=plan.choice.size,
        size_bytes=plan.choice.output.stat().st_size,
        sha256=prepared.sha256,
        path=str(plan.choice.output),
    )


def _install(
    plan: ImportPlan, prepared: Prepared, surroundings: Surroundings, listener: Listener, cancel: CancelToken
) -> ImportResult:
    choice = plan.choice
    engine = surroundings.engine(choice.engine)
    seen = look_at(prepared.path, surroundings.machine)
    persona = choice.persona if choice.persona != Persona() else prepared.persona
    if engine.id == "ollama" and "num_ctx" not in persona.parameters and not prepared.embedding_only:
        # Ollama's own default forgets after 4096 tokens; the built-in engine chooses by itself.
        persona = replace(persona, parameters={**persona.parameters, "num_ctx": seen.context})
    request = InstallRequest(
        name=choice.name,
        display_name=choice.display_name,
        gguf=prepared.path,
        ownership=Ownership.OURS if prepared.ours else Ownership.THEIRS,
        persona=persona,
        chat_format=seen.format,
        projector=prepared.projector,
        sha256=prepared.sha256,
        replace=choice.replace,
    )
    with step(Step.ADDING, listener):
        model = engine.install(request, listener, cancel)
    with step(Step.TESTING, listener):
        outcome = put_to_the_test(engine, replace(request, name=model.name), prepared, listener, cancel)
    for note in outcome.notes:
        listener(warning(note.code, **note.fields))
    report = outcome.report
    engine.unload(model.name)
    return ImportResult(
        name=model.name,
        display_name=model.display_name or choice.display_name,
        engine=engine.id,
        size=prepared.size if choice.size == AS_IS else choice.size,
        size_bytes=model.size_bytes,
        sha256=prepared.sha256,
        verdict=report.verdict,
        answer=report.answer,
        tokens_per_second=report.tokens_per_second,
        original="" if prepared.original is None else str(prepared.original),
        original_bytes=plan.sources_bytes,
    )
