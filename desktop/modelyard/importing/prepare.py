"""The middle of an import: from a source to one finished GGUF file, ours or the person's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step
from ..formats.gguf_facts import facts
from ..formats.split import read_set
from .inspect_gguf import paired_projector
from .inspection import AS_IS
from .plan import NO_ENGINE, ImportPlan
from .sources import GgufFile
from .steps import step
from .surroundings import Surroundings


@dataclass(frozen=True)
class Prepared:
    """One finished GGUF. `ours`: it lies in our workspace and may be moved. `original`: what the person gave and may
    now delete, None if nothing of theirs was copied."""

    path: Path
    ours: bool
    size: str
    has_template: bool
    embedding_only: bool = False
    sha256: str = ""
    projector: Path | None = None
    original: Path | None = None
    warnings: tuple[tuple[str, dict[str, Any]], ...] = field(default=())


def prepare(
    plan: ImportPlan, folder: Path, surroundings: Surroundings, listener: Listener, cancel: CancelToken
) -> Prepared:
    """Raises the coded errors of reading, fetching, converting and writing."""
    source = plan.source
    if isinstance(source, GgufFile) and plan.choice.size == AS_IS:
        return _as_it_is(source.path, folder, listener, cancel)
    raise ModelyardError(Code.INTERNAL, detail=type(source).__name__)


def result_path(plan: ImportPlan, folder: Path) -> Path:
    """Where a made file is written: at once where it was asked for, or in the workspace."""
    if plan.choice.engine == NO_ENGINE and plan.choice.output is not None:
        return plan.choice.output
    return folder / "model.gguf"


def _as_it_is(path: Path, folder: Path, listener: Listener, cancel: CancelToken) -> Prepared:
    with step(Step.LOOKING, listener):
        whole, _paths = read_set(path)
        known = facts(whole.header)
        projector = paired_projector(path, known)
        cancel.check()
    return Prepared(
        path=path,
        ours=False,
        size=known.size,
        has_template=bool(known.chat_template),
        embedding_only=known.is_embedding,
        projector=projector,
        original=path,
    )
