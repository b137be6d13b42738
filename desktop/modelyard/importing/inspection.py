"""Inspection: what we know from headers alone, with the exact size of every result on offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..errors import Code, ModelyardError
from .sources import Source

AS_IS = "as-is"  # the size name for "keep the file as it is"
ORIGINAL = "original"  # the size name for "as the author published it", in the checkpoint's own precision


class Fit(StrEnum):
    """How a size suits this computer. Never blocks."""

    FITS = "fits"
    SLOW = "slow"
    WONT_FIT = "wont_fit"


class Group(StrEnum):
    SMALL = "small"
    BALANCED = "balanced"
    LARGE = "large"


@dataclass(frozen=True)
class MemorySum:
    """What running takes, shown as a sum. All in bytes; `context` in tokens is what `conversation` was computed for."""

    weights: int
    conversation: int
    overhead: int
    context: int

    @property
    def total(self) -> int:
        return self.weights + self.conversation + self.overhead


@dataclass(frozen=True)
class SizeOption:
    """One offered size. `size` is a name of llama-quantize ("Q4_K_M"), "original", or AS_IS. `result_bytes`: of the
    model's file. `projector_bytes`: of the file for pictures beside it, whatever the size."""

    size: str
    result_bytes: int
    download_bytes: int
    group: Group
    memory: MemorySum
    fit: Fit
    seconds: float  # a guess for preparing it here, without download
    recommended: bool = False
    common: bool = True  # shown at once; others under "More sizes"
    listed: bool = True  # False: known by name only (the converter's own outtypes, for scripts)
    files: tuple[str, ...] = ()  # of a GGUF repository: what this size fetches
    beside_bytes: int = 0  # on the disk beside the result while it is made: a shard under way, parts of a set
    projector_bytes: int = 0

    @property
    def disk_bytes(self) -> int:
        return self.result_bytes + self.projector_bytes


@dataclass(frozen=True)
class Note:
    """A risk, a warning or a hint: a code of words (warnings.<code>) with fields."""

    code: str
    fields: Mapping[str, str | int | float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """Why it cannot go on: an error as a value."""

    code: Code
    fields: Mapping[str, str | int | float | None] = field(default_factory=dict)

    @staticmethod
    def of(error: ModelyardError) -> Refusal:
        return Refusal(error.code, dict(error.fields))

    def error(self) -> ModelyardError:
        return ModelyardError(self.code, **self.fields)


@dataclass(frozen=True)
class Inspection:
    """Everything the check card shows. `refusal` set: cannot be imported (yet), and why."""

    source: Source
    form: str  # "gguf", "checkpoint", "adapter"
    title: str  # the model's own name
    suggested_name: str  # technical name
    architecture: str = ""  # class name or GGUF architecture
    family: str = ""
    parameters: int | None = None
    context_length: int | None = None
    tokenizer: str = ""
    chat_template: str = ""
    licence: str = ""
    licence_url: str = ""
    gated: str = ""  # "", "auto", "manual"
    embedding_only: bool = False
    vision: bool = False
    stored_as: str = ""  # "Q4_K_M", "BF16", "GPTQ 4-bit" …
    source_bytes: int = 0
    parts: int = 1  # files that a GGUF is split into
    base_model: str = ""
    base_place: str = ""  # of an add-on's base: the folder or file it lies in, "hub", "library"; "" if not found
    projector: str = ""  # file name of the paired mmproj
    risks: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    repairs: tuple[Note, ...] = ()  # what ImportChoice.repair would mend, in a copy
    repair_advised: bool = False  # at least one of them is surely wrong
    sizes: tuple[SizeOption, ...] = ()
    importance_sizes: tuple[SizeOption, ...] = ()  # those on offer with an importance matrix; empty: it is of no use
    refusal: Refusal | None = None
    original: str = ""  # the outtype that size "original" means
    details: Mapping[str, str] = field(default_factory=dict)  # technical rows for "Details"

    def option(self, size: str) -> SizeOption:
        """By exact name first, then whatever the case; ORIGINAL is understood. Raises SIZE_UNKNOWN."""
        if size.lower() == ORIGINAL and self.original:
            size = self.original
        for same in (size, size.upper(), size.lower()):
            for option in self.sizes:
                if option.size == same:
                    return option
        for option in self.sizes:
            if option.size.lower() == size.lower():
                return option
        offered = ", ".join(option.size for option in self.sizes if option.listed)
        raise ModelyardError(Code.SIZE_UNKNOWN, size=size, offered=offered)

    def with_importance(self) -> Inspection:
        """The same, with an importance matrix at hand."""
        return replace(self, sizes=self.importance_sizes or self.sizes)

    def needs_importance(self, size: str) -> bool:
        """Whether a size of that name, whatever the case, is on offer with an importance matrix only."""
        plain, weighed = ({option.size.lower() for option in each} for each in (self.sizes, self.importance_sizes))
        return size.lower() in weighed - plain

    @property
    def recommended(self) -> SizeOption | None:
        return next((option for option in self.sizes if option.recommended), self.sizes[0] if self.sizes else None)
