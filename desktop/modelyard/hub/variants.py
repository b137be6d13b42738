"""A repository of ready GGUF files: which belong together, which size each is, which one to recommend. By file names
alone; whether an mmproj really is one is told by its metadata, later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .values import RepoFile

# As llama-quantize names them, with the additions people use (UD- by Unsloth, _XL, _L, FP16, 4_0_4_8).
_SIZE = re.compile(
    r"(?:^|[-._/ ])((?:UD-)?(?:i1-)?(?:I?Q\d+(?:_[0-9A-Z]+)*|TQ\d_0|MXFP4(?:_MOE)?|NVFP4|B?F16|FP16|F32|FP32))"
    r"(?=$|[-._/ ])",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf", re.IGNORECASE)
_OTHER_NAMES = {"FP16": "F16", "FP32": "F32"}
_COMFORT = 0.85  # the part of the memory that weights may fill, beside conversation and overhead
_BALANCED = (
    "Q4_K_M",
    "UD-Q4_K_XL",
    "Q4_K_XL",
    "Q4_K_L",
    "MXFP4",
    "MXFP4_MOE",
    "Q4_K_S",
    "IQ4_XS",
    "IQ4_NL",
    "Q4_1",
    "Q4_0",
)
_SMALLER = ("Q3_K_L", "UD-Q3_K_XL", "Q3_K_XL", "Q3_K_M", "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS")
_LARGER = ("Q5_K_M", "Q5_K_S", "Q5_0", "Q6_K", "Q8_0", "BF16", "F16", "F32")


@dataclass(frozen=True)
class GgufVariant:
    """One size of the model: a file, or a split set in order. `missing` parts of a set are named by number.
    `base` tells variants of several models in one repository apart: the file name without the size."""

    size: str
    base: str
    files: tuple[RepoFile, ...]
    missing: tuple[int, ...] = ()

    @property
    def total_bytes(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class GgufRepository:
    """`variants` from small to large; `projectors` are vision parts (mmproj), first the one in F16, which every
    computer runs well."""

    variants: tuple[GgufVariant, ...]
    projectors: tuple[RepoFile, ...]

    def variant(self, size_or_file: str) -> GgufVariant | None:
        """By size label (in any case) or by the path of one of its files."""
        wanted = _canonical(size_or_file)
        by_size = [variant for variant in self.variants if variant.size == wanted]
        by_file = [variant for variant in self.variants if any(size_or_file in (f.path, f.name) for f in variant.files)]
        return next(iter(by_file or by_size), None)

    def recommended(self, memory_bytes: int) -> GgufVariant | None:
        """The balanced size if its weights fit into `memory_bytes`; else the best smaller one that does; else the
        smallest there is. A repository without balanced sizes offers the smallest of its larger ones first."""
        whole = [variant for variant in self.variants if variant.complete]
        fitting = {
            variant.size: variant for variant in reversed(whole) if variant.total_bytes <= memory_bytes * _COMFORT
        }
        for size in (*_BALANCED, *_LARGER, *_SMALLER):
            if size in fitting:
                return fitting[size]
        return next(iter(fitting.values()), None) or (whole[0] if whole else None)


def gguf_variants(files: Sequence[RepoFile]) -> GgufRepository:
    """Groups the GGUF files of a repository. Importance matrices and the like are left out."""
    sets: dict[tuple[str, str], dict[int, RepoFile]] = {}
    counts: dict[tuple[str, str], int] = {}
    projectors: list[RepoFile] = []
    for file in sorted(files, key=lambda each: each.path):
        name = file.name.lower()
        if not name.endswith(".gguf") or "imatrix" in name:
            continue
        if "mmproj" in name:
            projectors.append(file)
            continue
        split = _SPLIT.fullmatch(file.path)
        stem = split[1] if split else file.path[: -len(".gguf")]
        number, count = (int(split[2]), int(split[3])) if split else (1, 1)
        key = (stem, f"{count}")
        sets.setdefault(key, {})[number] = file
        counts[key] = count
    variants = [_variant(key[0], parts, counts[key]) for key, parts in sets.items()]
    variants.sort(key=lambda variant: (variant.total_bytes, variant.base, variant.size))
    projectors.sort(key=lambda file: "F16" not in map(_canonical, _labels(file.name)))
    return GgufRepository(tuple(variants), tuple(projectors))


def _variant(stem: str, parts: dict[int, RepoFile], count: int) -> GgufVariant:
    shown = min(count, 10_000)
    missing = tuple(number for number in range(1, shown + 1) if number not in parts)
    name = stem.rsplit("/", 1)[-1]
    found = _labels(name) or _labels(stem.rpartition("/")[0])
    size = _canonical(found[-1]) if found else ""
    base = name
    if found and (position := name.lower().rfind(found[-1].lower())) > 0:
        base = name[:position].rstrip("-._ ")
    return GgufVariant(size, base, tuple(parts[number] for number in sorted(parts)), missing)


def _labels(text: str) -> list[str]:
    return [match[1] for match in _SIZE.finditer(text)]


def _canonical(label: str) -> str:
    upper = label.upper().removeprefix("I1-")
    return _OTHER_NAMES.get(upper, upper)
