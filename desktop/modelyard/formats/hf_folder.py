"""From what a person points at to a checkpoint: a Hugging Face folder, the folder above it, one of its files, a zip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import Code, ModelyardError
from .checkpoint import Checkpoint, Locate, order_tensors
from .checkpoint_card import base_model_of_card
from .checkpoint_files import FileTree, SmallFiles
from .checkpoint_folder import LocalFolder, ZippedFolder
from .checkpoint_weights import check_promises, find_weights, read_shard_header
from .zip_unpack import UnpackingLocate

_MARKS = ("config.json", "params.json")
_CARD_BYTES = 64 * 1024
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}")


def open_checkpoint(path: Path, extra: Mapping[str, bytes] | None = None, work: Path | None = None) -> Checkpoint:
    """The checkpoint at `path`, from headers alone.

    extra: small files fetched from elsewhere, by name. work: the folder into which weights of a compressed zip are
    unpacked when they are first read (the caller removes it); without one they cannot be read.

    Raises FILE_MISSING, FILE_UNREADABLE, FILE_TOO_BIG, JSON_INVALID, ZIP_INVALID, the SAFETENSORS_*, TORCH_* and
    CHECKPOINT_* codes.
    """
    tree = find_folder(path)
    if work is not None and isinstance(tree, ZippedFolder):
        return read_checkpoint(tree, extra, UnpackingLocate(tree, work))
    return read_checkpoint(tree, extra, tree.locate)


def find_folder(path: Path) -> LocalFolder | ZippedFolder:
    """The folder meant by a path: itself, the only model folder below it, the one a file lies in, or inside a zip.

    Raises CHECKPOINT_SEVERAL (more than one folder below could be meant), FILE_MISSING, FILE_UNREADABLE, ZIP_INVALID.
    """
    if path.is_file():
        if path.suffix.lower() == ".zip":
            return ZippedFolder(path)
        return LocalFolder(path.absolute().parent)
    folder = LocalFolder(path)
    names = folder.names()
    if any("/" not in name and _is_model_file(name) for name in names):
        return folder
    below = sorted({name.split("/")[0] for name in names if "/" in name and name.split("/")[1] in _MARKS})
    if len(below) > 1:
        raise ModelyardError(Code.CHECKPOINT_SEVERAL, name=folder.name, found=", ".join(below[:8]))
    return LocalFolder(path / below[0]) if below else folder


def read_checkpoint(
    tree: FileTree, extra: Mapping[str, bytes] | None = None, locate: Locate | None = None
) -> Checkpoint:
    """The checkpoint in a tree of files, local or remote. locate: where weights lie; None if they are not here yet.

    Raises as open_checkpoint does, PACKING_UNKNOWN for weights in objects of a packing's own tool. Only headers and
    small files are read.
    """
    files = SmallFiles(tree, extra)
    if "qmodel.pt" in files.names:
        raise _packed(tree, files, "HQQ")
    weights = find_weights(files.names, files, tree.name)
    shards = []
    for part in weights.names:
        with tree.open(part) as source:
            try:
                shards.append(read_shard_header(source, weights.kind, part))
            except ModelyardError as error:
                raise (_packed_in_objects(tree, files, error) or error) from error
    tensors = order_tensors(shards)
    check_promises(weights, set(tensors), tree.name)
    config = files.json("config.json")
    base_model = base_model_of(files, config or {})
    if config is None and weights.original_format:
        config = files.json("params.json")
    if config is None:
        raise ModelyardError(Code.CHECKPOINT_NO_CONFIG, name=tree.name, base_model=base_model)
    risks = [
        *(["pickle"] if weights.kind == "torch" else []),
        *(["remote_code"] if asks_for_code(files, config) else []),
    ]
    return Checkpoint(
        name=tree.name,
        config=config,
        files=files,
        shards=tuple(shards),
        tensors=tensors,
        original_format=weights.original_format,
        risks=tuple(risks),
        base_model=base_model,
        tree=tree,
        locate=locate,
    )


def _packed_in_objects(tree: FileTree, files: SmallFiles, error: ModelyardError) -> ModelyardError | None:
    """Why a PyTorch file wants programs run, where the configuration tells: torchao saves objects of its own."""
    told = (files.json("config.json") or {}).get("quantization_config")
    method = told.get("quant_method") if isinstance(told, dict) else None
    if error.code is not Code.TORCH_UNSAFE or not isinstance(method, str):
        return None
    return _packed(tree, files, method[:80])


def _packed(tree: FileTree, files: SmallFiles, method: str) -> ModelyardError:
    base_model = base_model_of(files, files.json("config.json") or {})
    return ModelyardError(Code.PACKING_UNKNOWN, name=tree.name, method=method, base_model=base_model)


def asks_for_code(files: SmallFiles, config: Mapping[str, Any]) -> bool:
    """True if the repository wants its own Python run (`auto_map`), which never happens here."""
    tokenizer = files.json("tokenizer_config.json") or {}
    return bool(config.get("auto_map") or tokenizer.get("auto_map"))


def base_model_of(files: SmallFiles, config: Mapping[str, Any]) -> str | None:
    """The repository ("owner/name") this model was made from, if its files say so: adapter_config.json, the README's
    front matter, config.json's `_name_or_path`. A value only; nothing is fetched."""
    adapter = files.json("adapter_config.json") or {}
    card = (files.head("README.md", _CARD_BYTES) or b"").decode("utf-8-sig", "replace")
    candidates = (
        adapter.get("base_model_name_or_path"),
        base_model_of_card(card) if card else None,
        config.get("_name_or_path"),
    )
    for candidate in candidates:
        if isinstance(candidate, str) and _REPOSITORY.fullmatch(candidate) and ".." not in candidate:
            return candidate
    return None


def _is_model_file(name: str) -> bool:
    return name in (*_MARKS, "adapter_config.json") or name.endswith((".safetensors", ".bin", ".pth"))
