"""Single rows of an embedding that an add-on trained (PEFT's trainable_token_indices, or its method of that name)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.adapter import Adapter
from ..formats.checkpoint_tensor import StoredTensor
from .lora_names import invalid
from .lora_sums import TokenRows

_OUTPUTS = ("lm_head", "embed_out", "output", "output_layer")


def tokens_to_take(tokens: Iterable[str], adapter: Adapter, tied: bool) -> list[str]:
    """The modules whose rows count. Where the output is the embedding (`tied`) and both got the same tokens, PEFT keeps
    them one and may store the rows twice (peft/utils/other.py, set_additional_trainable_modules)."""
    modules = list(tokens)
    inputs = [module for module in modules if _last(module) not in _OUTPUTS]
    if not tied or not inputs:
        return modules
    same = {module for module in modules if _told(adapter, module) == _told(adapter, inputs[0])}
    return [module for module in modules if module in inputs or module not in same]


def token_rows(adapter: Adapter, module: str, new: StoredTensor, base: StoredTensor, brought: bool) -> TokenRows:
    """Raises ADAPTER_INVALID: rows the base does not have, or another number of them than of new ones."""
    told = _told(adapter, module)
    at = [each for each in told if type(each) is int and 0 <= each < base.shape[0]] if isinstance(told, list) else []
    if not at or len(at) != len(told) or len(base.shape) != 2 or new.shape != (len(at), base.shape[1]):
        raise invalid(adapter, f"{module[:120]}: {list(new.shape)}, {str(told)[:80]}")
    places: NDArray[np.intp] = np.array(at, np.intp)
    return TokenRows(base, new, places, brought)


def _told(adapter: Adapter, module: str) -> Any:
    """The numbers of the tokens of one module: a list for the embedding, or one for each module by (the end of) its
    name. An output that is not named has those of the embedding."""
    config: Mapping[str, Any] = adapter.config
    told = config.get("trainable_token_indices", config.get("token_indices"))
    if not isinstance(told, dict):
        return told
    named = [name for name in told if isinstance(name, str) and f".{module}".endswith(f".{name}")]
    return told[max(named, key=len)] if named else next(iter(told.values()), None)


def _last(module: str) -> str:
    return module.rpartition(".")[2]
