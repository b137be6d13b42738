"""One import at work: what was decided, where half-made things lie, who listens, who may stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..events import CancelToken, Listener, Step
from .plan import NO_ENGINE, ImportPlan
from .planning import RESULT_NAME
from .prepared import state_of
from .steps import step
from .surroundings import Surroundings

if TYPE_CHECKING:
    from ..convert.content import GgufContent, TensorJob, WeightReader
    from ..quantize.importance import ImportanceMatrix
    from ..quantize.writer import WrittenFile


@dataclass(frozen=True)
class Work:
    """`folder` is the job's own, in the workspace."""

    plan: ImportPlan
    folder: Path
    surroundings: Surroundings
    listener: Listener
    cancel: CancelToken

    @property
    def result(self) -> Path:
        """Where a made file is written: at once where it was asked for, or in the workspace."""
        choice = self.plan.choice
        return choice.output if choice.engine == NO_ENGINE and choice.output is not None else self.folder / RESULT_NAME

    @property
    def projector_result(self) -> Path:
        """Where the vision part made with it is written."""
        return self.result.with_name(f"mmproj-{self.result.name}")

    @property
    def threads(self) -> int | None:
        return self.surroundings.threads or None

    def step(self, which: Step) -> AbstractContextManager[None]:
        return step(which, self.listener)

    @cached_property
    def importance(self) -> ImportanceMatrix | None:
        """Raises FILE_MISSING, FILE_UNREADABLE, FILE_TOO_BIG, IMATRIX_INVALID."""
        from .imatrix import read_importance

        return read_importance(self.plan.choice.imatrix)

    def write(
        self,
        content: GgufContent,
        reader: WeightReader,
        identity: str,
        *,
        destination: Path | None = None,
        size: str = "",
        as_read: bool = False,
        is_here: Callable[[TensorJob], bool] | None = None,
        on_safe: Callable[[Sequence[str]], None] | None = None,
    ) -> WrittenFile:
        """The content as a file of the chosen size (or of `size`, without importance matrix). Raises as
        quantize.writer.write_gguf."""
        from ..quantize.writer import write_gguf

        if self.plan.choice.imatrix is not None:
            identity += state_of((self.plan.choice.imatrix,))
        return write_gguf(
            content,
            size or self.plan.choice.size,
            reader,
            destination or self.result,
            listener=self.listener,
            cancel=self.cancel,
            threads=self.threads,
            importance=None if size else self.importance,
            identity=identity,
            as_read=as_read,
            is_here=is_here,
            on_safe=on_safe,
        )
