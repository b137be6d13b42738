"""general.* keys: names guessed from the folder's name and the model card (PyPI `gguf` does the guessing), sampling
defaults from generation_config.json."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import gguf

from ..errors import ModelyardError
from ..formats.checkpoint_files import SmallFiles
from .keys import Keys
from .model_card import read_card

_SAMPLING = (
    "sequence top_k top_p min_p xtc_probability xtc_threshold temp penalty_last_n penalty_repeat mirostat "
    "mirostat_tau mirostat_eta"
)
_WHOLE = ("top_k", "penalty_last_n", "mirostat")
_LARGEST = 3.4028234663852886e38  # of a float32
_OTHER_NAMES = {"temp": ("temperature",), "penalty_repeat": ("penalty_repeat", "repetition_penalty")}


def write_general(
    keys: Keys,
    files: SmallFiles,
    raw: Mapping[str, Any],
    directory_name: str,
    shapes: Iterable[tuple[str, tuple[int, ...]]],
) -> None:
    """`raw`: config.json. `shapes`: names and shapes of all tensors, for the size label."""
    total, shared, expert, experts = parameter_counts(shapes)
    found = gguf.Metadata()
    for name, value in _sampling(files):
        setattr(found, f"sampling_{name}", value)
    card = read_card(files)
    place = Path(directory_name)
    found = gguf.Metadata.apply_metadata_heuristic(found, card, dict(raw), place, total)
    if found.name is None:
        found.name = directory_name
    if found.size_label is None and total > 0:
        found.size_label = gguf.size_label(total, shared, expert, experts)
    found.set_gguf_meta_model(cast("gguf.GGUFWriter", _Plain(keys)))


def parameter_counts(shapes: Iterable[tuple[str, tuple[int, ...]]]) -> tuple[int, int, int, int]:
    """All parameters, those every token uses, those of one expert, and how many experts there are
    (gguf-py GGUFWriter.get_total_parameter_count)."""
    total = shared = expert = 0
    counts: list[int] = []
    for name, shape in shapes:
        size = math.prod(shape)
        total += size
        if "_exps." in name and len(shape) >= 3:
            count = shape[-2 if ".bias" in name else -3]
            expert += size // count
            counts.append(count)
        else:
            shared += size
    return total, shared, expert, sum(counts) // len(counts) if counts else 0


def _sampling(files: SmallFiles) -> Iterable[tuple[str, Any]]:
    try:
        settings = files.json("generation_config.json") or {}
    except ModelyardError:  # not every model has a valid one; the reference passes over it too
        return
    for name in _SAMPLING.split():
        key = next((key for key in _OTHER_NAMES.get(name, (name,)) if key in settings), None)
        if key is not None and _fits(name, settings[key]):
            yield name, settings[key]


def _fits(name: str, value: Any) -> bool:
    """Whether the GGUF key can hold it. A suggestion that is no number is passed over; the model works without."""
    if name == "sequence":
        return isinstance(value, str)
    if name in _WHOLE:
        return isinstance(value, int) and abs(value) < 2**31
    return isinstance(value, int | float) and not _LARGEST < abs(value) < math.inf


class _Plain:
    """Passes on what Metadata adds where its type is right: cards hold lists, dates and numbers in odd places."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._keys, name)

        def add(*values: Any) -> None:
            method(*(str(value) if _is_odd(name, value) else value for value in values))

        return add


_LISTS = ("add_tags", "add_languages")
_NUMBERS = ("add_base_model_count", "add_dataset_count")


def _is_odd(method: str, value: Any) -> bool:
    if method in _LISTS or method in _NUMBERS or method.startswith("add_sampling"):
        return False
    return not isinstance(value, str | int) or isinstance(value, bool)
