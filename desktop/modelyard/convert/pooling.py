"""How an embedding model makes one vector of a text: sentence-transformers' modules.json (conversion/base.py)."""

from __future__ import annotations

import json
from typing import Any

import gguf

from ..errors import Code, ModelyardError
from .keys import Keys
from .model import Model

_MODES = {
    "mean": gguf.PoolingType.MEAN,
    "cls": gguf.PoolingType.CLS,
    "lasttoken": gguf.PoolingType.LAST,
}
_FLAGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken"}


def write_pooling(model: Model, keys: Keys) -> None:
    """Nothing where the folder holds no pooling module. Raises CONFIG_INVALID for a kind llama.cpp does not have."""
    path = _pooling_path(model)
    if path is not None:
        settings = model.json(f"{path}/config.json") or {}
        flagged = next((mode for flag, mode in _FLAGS.items() if settings.get(flag)), None)
        keys.add_pooling_type(_kind(flagged or settings.get("pooling_mode")))
    classifier = model.config.get("classifier_pooling")
    sorts = model.architecture.endswith("ForSequenceClassification")  # EuroBERT carries "late" along without use
    if classifier is not None and (sorts or classifier in _MODES):
        keys.add_classifier_pooling_type(_kind(classifier))


def _kind(mode: Any) -> gguf.PoolingType:
    if mode not in _MODES:
        raise ModelyardError(Code.CONFIG_INVALID, name="modules.json", detail=f"pooling {str(mode)[:40]}")
    return _MODES[mode]


def _pooling_path(model: Model) -> str | None:
    data = model.files.read("modules.json")
    if data is None:
        return None
    try:
        modules = json.loads(data)
    except ValueError as error:
        raise ModelyardError(Code.JSON_INVALID, name="modules.json", detail=str(error)[:200]) from error
    for module in modules if isinstance(modules, list) else []:
        if str(module.get("type")).endswith("Pooling"):
            return str(module["path"])
    return None
