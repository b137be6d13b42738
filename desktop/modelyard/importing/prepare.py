"""The middle of an import: from a source to one finished GGUF file, ours or the person's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..engines.base import ModelDetails
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step
from ..formats.gguf_facts import GgufFacts, facts
from ..formats.split import read_set
from .inspect_gguf import paired_projector
from .inspection import AS_IS
from .plan import ImportPlan
from .prepared import Prepared, result_path
from .sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel
from .steps import step
from .surroundings import Surroundings


def prepare(
    plan: ImportPlan, folder: Path, surroundings: Surroundings, listener: Listener, cancel: CancelToken
) -> Prepared:
    """Raises the coded errors of reading, fetching, converting and writing."""
    match plan.source:
        case GgufFile(path=path):
            return prepare_gguf(path, plan, folder, surroundings, listener, cancel)
        case CheckpointFolder(path=path):
            from .prepare_checkpoint import prepare_checkpoint

            return prepare_checkpoint(path, plan, folder, surroundings, listener, cancel)
        case AdapterFolder():
            from .prepare_lora import prepare_adapter

            return prepare_adapter(plan.source, plan, folder, surroundings, listener, cancel)
        case HubRepo():
            from .prepare_hub import prepare_hub

            return prepare_hub(plan.source, plan, folder, surroundings, listener, cancel)
        case LibraryModel(engine=engine, name=name):
            return _from_library(surroundings.engine(engine).show(name), plan, folder, surroundings, listener, cancel)


def _from_library(
    details: ModelDetails,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Its role and its projector come along. The file belongs to its engine: it is no original to delete."""
    if not details.files:
        raise ModelyardError(Code.FILE_MISSING, name=details.model.name)
    prepared = prepare_gguf(details.files[0], plan, folder, surroundings, listener, cancel)
    _, weights = read_set(details.files[0])
    projector = next((path for path in details.files if path not in weights), prepared.projector)
    return replace(prepared, projector=projector, original=None, persona=details.persona)


def prepare_gguf(
    path: Path, plan: ImportPlan, folder: Path, surroundings: Surroundings, listener: Listener, cancel: CancelToken
) -> Prepared:
    """A ready file: used as it is, a split set made whole, or made smaller."""
    with step(Step.LOOKING, listener):
        whole, paths = read_set(path)
        known = facts(whole.header)
        projector = paired_projector(path, known)
        cancel.check()
    if plan.choice.size == AS_IS and len(paths) == 1 and not plan.choice.repair:
        return _finished(path, known, projector, path, ours=False)
    from .rewrite_gguf import rewrite

    with step(Step.PREPARING, listener):
        written = rewrite(whole, paths, plan, result_path(plan, folder), surroundings, listener, cancel)
    made = read_set(written.path)[0]
    return _finished(
        written.path,
        facts(made.header),
        projector,
        path,
        ours=True,
        sha256=written.sha256,
        warnings=written.warnings,
    )


def _finished(
    path: Path,
    known: GgufFacts,
    projector: Path | None,
    original: Path,
    *,
    ours: bool,
    sha256: str = "",
    warnings: tuple[tuple[str, dict[str, str]], ...] = (),
) -> Prepared:
    return Prepared(
        path=path,
        ours=ours,
        size=known.size,
        has_template=bool(known.chat_template),
        embedding_only=known.is_embedding,
        sha256=sha256,
        projector=projector,
        original=original,
        warnings=warnings,
    )
