"""How much of which drive an import takes: at its fullest moment, and for good."""

from __future__ import annotations

from pathlib import Path

from ..engines.base import Admission
from ..host.machine import existing_parent, free_space, same_drive
from .inspection import AS_IS, Inspection, SizeOption
from .plan import NO_ENGINE, DriveUse, ImportChoice
from .sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel
from .surroundings import Surroundings

_Use = tuple[Path, int, int]  # folder, bytes at the fullest moment, bytes that stay


def goes_as_it_is(inspection: Inspection, option: SizeOption, choice: ImportChoice) -> bool:
    """A person's own file, or another engine's, in one piece. A split set is made whole first, in a file of ours."""
    here = isinstance(inspection.source, GgufFile | LibraryModel)
    return here and option.size == AS_IS and inspection.parts == 1 and not choice.repair


def made_in(
    inspection: Inspection, option: SizeOption, choice: ImportChoice, surroundings: Surroundings
) -> Path | None:
    """The folder in which a file of ours is made; None where a file goes to the engine as it is."""
    if goes_as_it_is(inspection, option, choice):
        return None
    return choice.output.parent if choice.engine == NO_ENGINE and choice.output else surroundings.work_folder


def drive_uses(
    inspection: Inspection,
    option: SizeOption,
    choice: ImportChoice,
    surroundings: Surroundings,
    admission: Admission,
) -> tuple[DriveUse, ...]:
    """A conversion needs its result once where it is moved or linked to its place, twice where it is copied. A file for
    pictures that lies beside a person's GGUF goes into an engine, and nowhere else."""
    result = option.result_bytes if choice.engine == NO_ENGINE and inspection.form == "gguf" else option.disk_bytes
    work = made_in(inspection, option, choice, surroundings)
    uses: list[_Use] = []
    if work is not None:
        uses.append(_making(work, inspection, option, choice))
    if choice.engine == NO_ENGINE:
        if work is None and choice.output is not None:
            uses.append((choice.output.parent, result, result))
        elif work is not None:
            uses.append((work, 0, result))
    elif choice.engine == "builtin":
        models = surroundings.folders.models
        moved = work is not None and same_drive(work, models)
        apart = 0 if _makes_projector(inspection) else option.projector_bytes
        uses.append((models, apart if moved else result, result))
    elif admission.store is not None:
        uses.append((admission.store, admission.need_bytes, result))
    return tuple(
        DriveUse(str(folder), free_space(existing_parent(folder)), max(peak, after), after)
        for folder, peak, after in _by_drive(uses)
    )


def _making(work: Path, inspection: Inspection, option: SizeOption, choice: ImportChoice) -> _Use:
    """The result while it is made; weights of a compressed zip are unpacked first, fetched ones lie beside it for a
    while or may be kept."""
    remote = isinstance(inspection.source, HubRepo)
    zipped = (
        isinstance(inspection.source, AdapterFolder | CheckpointFolder)
        and inspection.source.path.suffix.lower() == ".zip"
    )
    kept = option.download_bytes if remote and choice.keep_original and inspection.form == "checkpoint" else 0
    beside = max(kept, option.beside_bytes) + (inspection.source_bytes if zipped else 0)
    made = option.disk_bytes if _makes_projector(inspection) else option.result_bytes
    return work, made + beside, kept


def _makes_projector(inspection: Inspection) -> bool:
    """A file for pictures, if there is one, is made or fetched beside the result."""
    return not isinstance(inspection.source, GgufFile | LibraryModel)


def _by_drive(uses: list[_Use]) -> list[_Use]:
    """Uses of one drive added up, under the folder that keeps most of it."""
    joined: list[_Use] = []
    for folder, peak, after in uses:
        for number, (other, its_peak, its_after) in enumerate(joined):
            if same_drive(folder, other):
                shown = folder if after > its_after else other
                joined[number] = (shown, peak + its_peak, after + its_after)
                break
        else:
            joined.append((folder, peak, after))
    return joined
