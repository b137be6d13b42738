"""From an Inspection and a choice to an ImportPlan: every precondition is looked at before the first byte moves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from ..engines.base import Admission, Admits
from ..errors import Code, ModelyardError
from ..events import Step
from ..host.folders import at_home
from ..host.machine import same_drive
from ..quantize.positional import bytes_on_disk
from .drives import drive_uses, goes_as_it_is, made_in
from .inspection import AS_IS, ORIGINAL, Inspection, Note, Refusal, SizeOption
from .naming import name_with_size, technical_name, unused
from .plan import NO_ENGINE, ImportChoice, ImportPlan, PlannedStep
from .sources import HubRepo
from .surroundings import Surroundings
from .wire import to_json
from .workspace import folder_bytes

RESULT_NAME = "model.gguf"  # of a file made in the workspace
_SLACK = 64 << 20  # logs, databases, other programs: a sixteenth of what is needed, at most this


def make_plan(inspection: Inspection, choice: ImportChoice, surroundings: Surroundings) -> ImportPlan | Refusal:
    """A Refusal is a reason known beforehand: not importable, unknown size, name taken, no room."""
    try:
        if inspection.refusal is not None:
            return inspection.refusal
        if choice.imatrix is not None:
            inspection = inspection.with_importance()
        option = _with_keys(_option(inspection, choice), choice)
        complete = _complete(inspection, option, choice, surroundings)
        admission = _admission(inspection, option, complete, surroundings)
        plan = ImportPlan(
            source=inspection.source,
            choice=complete,
            steps=_steps(inspection, option, complete),
            drives=drive_uses(inspection, option, complete, surroundings, admission),
            result_bytes=option.disk_bytes,
            form=inspection.form,
            sources_bytes=inspection.source_bytes,
            warnings=tuple(Note(code, dict(fields)) for code, fields in admission.warnings),
        )
        return _room(plan, surroundings) or plan
    except ModelyardError as error:
        return Refusal.of(error)


def work_key(plan: ImportPlan) -> str:
    """The same source, size and destination always work in the same folder: that is how a run is resumed."""
    what = [to_json(plan.source), plan.choice.size, plan.choice.engine, plan.choice.name, str(plan.choice.output or "")]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode("utf-8")).hexdigest()[:16]


def unproven_name(result: Path) -> Path:
    """A result streamed from the Hub is called so until the hashes of all its sources are known to be right."""
    return result.with_name(f"{result.name}.unproven")


def _option(inspection: Inspection, choice: ImportChoice) -> SizeOption:
    if choice.size:
        if choice.imatrix is None and inspection.needs_importance(choice.size):
            raise ModelyardError(Code.IMPORTANCE_MISSING, size=choice.size)
        return inspection.option(choice.size)
    if inspection.recommended is None:
        raise ModelyardError(Code.SIZE_UNKNOWN, size="", offered="")
    return inspection.recommended


def _with_keys(option: SizeOption, choice: ImportChoice) -> SizeOption:
    """Also the bytes of the keys that tell of an importance matrix, which must be one. Raises as read_importance."""
    if choice.imatrix is None or option.size == AS_IS:
        return option
    from .imatrix import key_bytes

    return replace(option, result_bytes=option.result_bytes + key_bytes(choice.imatrix))


def _complete(
    inspection: Inspection, option: SizeOption, choice: ImportChoice, surroundings: Surroundings
) -> ImportChoice:
    engine = choice.engine or surroundings.default_engine
    size = choice.size or option.size
    if size.lower() == ORIGINAL and inspection.original:
        size = inspection.original
    if engine == NO_ENGINE:
        output = choice.output or Path.cwd() / f"{inspection.suggested_name}{_file_tail(size)}.gguf"
        output = at_home(output).absolute()
        if output.exists() and not choice.replace:
            raise ModelyardError(Code.OUTPUT_EXISTS, name=output.name)
        return replace(choice, size=size, engine=engine, output=output)
    surroundings.engine(engine)
    taken = {model.name for model in surroundings.engine(engine).models()}
    if choice.name:
        name = choice.name if ":" in choice.name else technical_name(choice.name)
        lower = {each.lower().removesuffix(":latest") for each in taken}
        if name.lower().removesuffix(":latest") in lower and not choice.replace:
            raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=name)
    else:
        base = technical_name(choice.display_name) if choice.display_name else inspection.suggested_name
        name = unused(base if size == AS_IS else name_with_size(base, size), taken)
    shown = choice.display_name or choice.name or inspection.title
    return replace(choice, size=size, engine=engine, name=name, display_name=shown)


def _admission(
    inspection: Inspection, option: SizeOption, choice: ImportChoice, surroundings: Surroundings
) -> Admission:
    """What the engine itself says to it. Raises ENGINE_NAME_TAKEN, and what the engine refuses."""
    engine = None if choice.engine == NO_ENGINE else surroundings.engine(choice.engine)
    if not isinstance(engine, Admits):
        return Admission()
    work = made_in(inspection, option, choice, surroundings)
    admission = engine.admission(choice.name, option.disk_bytes, inspection.architecture, work)
    if admission.taken and not choice.replace:
        raise ModelyardError(Code.ENGINE_NAME_TAKEN, name=admission.taken)
    return admission


def _file_tail(size: str) -> str:
    return "" if size == AS_IS else f"-{size}"


def _steps(inspection: Inspection, option: SizeOption, choice: ImportChoice) -> tuple[PlannedStep, ...]:
    steps = [PlannedStep(Step.LOOKING)]
    fetched = isinstance(inspection.source, HubRepo)
    if fetched:
        steps.append(PlannedStep(Step.DOWNLOADING, option.download_bytes))
    if inspection.form == "checkpoint" or not (fetched or goes_as_it_is(inspection, option, choice)):
        steps.append(PlannedStep(Step.PREPARING, option.result_bytes))
    steps.append(PlannedStep(Step.ADDING, option.disk_bytes))
    if choice.engine != NO_ENGINE:
        steps.append(PlannedStep(Step.TESTING))
    return tuple(steps)


def _room(plan: ImportPlan, surroundings: Surroundings) -> Refusal | None:
    held = _held(plan, surroundings)
    for drive in plan.drives:
        need = max(0, drive.peak - sum(taken for folder, taken in held if same_drive(folder, Path(drive.folder))))
        need += min(_SLACK, need // 16)
        if need > drive.free > 0:
            return Refusal(Code.DISK_FULL, {"folder": drive.folder, "need_bytes": need, "free_bytes": drive.free})
    return None


def _held(plan: ImportPlan, surroundings: Surroundings) -> list[tuple[Path, int]]:
    """What a run of this plan that was stopped has taken already, and where: fetched files, a part of the result."""
    folder = surroundings.work_folder / work_key(plan)
    held = [(folder, folder_bytes(folder))]
    if plan.choice.engine == NO_ENGINE and plan.choice.output is not None:
        parts = (Path(f"{name}.part") for name in (plan.choice.output, unproven_name(plan.choice.output)))
        held.append((plan.choice.output.parent, sum(map(bytes_on_disk, parts))))
    return held
