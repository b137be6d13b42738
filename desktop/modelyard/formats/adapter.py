"""LoRA add-ons: adapter_config.json and adapter_model.safetensors or .bin as PEFT saves them, or adapters.safetensors
as MLX does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Code, ModelyardError
from .checkpoint import CheckpointReader, Locate, RowReader, order_tensors
from .checkpoint_files import FileTree, SmallFiles
from .checkpoint_folder import LocalFolder, ZippedFolder
from .checkpoint_tensor import ShardHeader, StoredTensor
from .checkpoint_weights import read_shard_header
from .zip_unpack import UnpackingLocate

MLX_WEIGHTS = "adapters.safetensors"
_WEIGHTS = (("adapter_model.safetensors", "safetensors"), ("adapter_model.bin", "torch"), (MLX_WEIGHTS, "safetensors"))
_MADE_WITH_THE_BASE = ("pissa", "olora", "loftq", "corda", "lora_ga", "mica")
WEIGHT_FILES = tuple(name for name, _ in _WEIGHTS)
_CHANGES_MORE = (
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "velora_config",
    "monteclora_config",
    "kasa_config",
    "layer_replication",
)
_MERGED = ("LORA", "TRAINABLE_TOKENS")
_WRITTEN = {
    **{name.upper(): name for name in ("VeRA", "LoHa", "LoKr", "AdaLoRA", "FourierFT", "RandLoRA", "SHiRA")},
    **{name.upper(): name for name in ("GLoRA", "PVeRA", "UniLoRA", "HiRA", "DeLoRA", "GraLoRA", "TinyLoRA", "WaveFT")},
    **{name.upper().replace("-", "_"): name for name in ("P-tuning", "prompt-tuning", "prefix-tuning", "LN-tuning")},
    "XLORA": "X-LoRA",
    "IA3": "(IA)³",
    "VBLORA": "VB-LoRA",
    "MLX DORA": "DoRA",
}


@dataclass(frozen=True)
class Adapter:
    """An add-on from headers alone. base_model: what adapter_config.json names (a repository, a folder of its maker's),
    only a text. tensors: as PEFT names them. risks: see formats.checkpoint.Checkpoint."""

    name: str
    config: Mapping[str, Any]
    files: SmallFiles
    shard: ShardHeader
    tensors: Mapping[str, StoredTensor]
    base_model: str | None
    risks: tuple[str, ...]
    locate: Locate | None

    def reader(self, locate: Locate | None = None) -> RowReader:
        """Rows of the add-on's tensors. Close it after use. See Checkpoint.reader."""
        where = locate or self.locate
        if where is None:
            raise ValueError("the add-on is not on this computer")
        return CheckpointReader((self.shard,), self.tensors, where)


def open_adapter(path: Path, work: Path | None = None) -> Adapter:
    """The add-on in a folder, beside one of its files, or in a zip.

    work: the folder into which weights of a compressed zip are unpacked when they are first read (the caller removes
    it); without one they cannot be read.

    Raises FILE_MISSING, FILE_UNREADABLE, JSON_INVALID, SAFETENSORS_*, TORCH_*, ZIP_INVALID, CHECKPOINT_ESCAPES,
    ADAPTER_INVALID, ADAPTER_UNSUPPORTED (DoRA and other kinds that are no plain sum).
    """
    if path.suffix.lower() == ".zip" and path.is_file():
        zipped = ZippedFolder(path)
        return read_adapter(zipped, UnpackingLocate(zipped, work) if work else zipped.locate)
    folder = LocalFolder(path if path.is_dir() else path.absolute().parent)
    return read_adapter(folder, folder.locate)


def read_adapter(tree: FileTree, locate: Locate | None = None) -> Adapter:
    """The add-on in a tree of files, local or remote. Raises as open_adapter does."""
    files = SmallFiles(tree)
    config = files.json("adapter_config.json")
    if config is None:
        raise ModelyardError(Code.ADAPTER_INVALID, name=tree.name, detail="adapter_config.json is missing")
    if "fine_tune_type" in config or (MLX_WEIGHTS in files and "peft_type" not in config):
        config = _in_pefts_terms(config, tree.name)
    base = config.get("base_model_name_or_path")
    base_model = base if isinstance(base, str) and 0 < len(base) <= 500 else None
    method = unsupported_method(config)
    if method:
        raise ModelyardError(Code.ADAPTER_UNSUPPORTED, name=tree.name, method=method, base_model=base_model)
    for name, kind in _WEIGHTS:
        if name in files:
            with tree.open(name) as source:
                shard = read_shard_header(source, kind, name)
            risks = ("pickle",) if kind == "torch" else ()
            return Adapter(tree.name, config, files, shard, order_tensors((shard,)), base_model, risks, locate)
    raise ModelyardError(Code.ADAPTER_INVALID, name=tree.name, detail="adapter_model.safetensors is missing")


def _in_pefts_terms(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """MLX's settings (mlx_lm/tuner/utils.py): a scale in place of alpha / r; its first versions did not name the kind.
    Raises ADAPTER_INVALID."""
    kind = "dora" if config.get("use_dora") else config.get("fine_tune_type", "lora")
    given = config.get("lora_parameters")
    numbers = given if isinstance(given, dict) else {}
    rank, scale = numbers.get("rank"), numbers.get("scale")
    base = {"base_model_name_or_path": config.get("model")}
    if kind != "lora":
        return base | {"peft_type": f"MLX {kind}"}
    if type(rank) is not int or not isinstance(scale, int | float):
        raise ModelyardError(Code.ADAPTER_INVALID, name=name, detail=f"lora_parameters {str(given)[:80]}")
    return base | {"peft_type": "LORA", "r": rank, "lora_alpha": scale * rank}


def unsupported_method(config: Mapping[str, Any]) -> str | None:
    """The technical name of what makes this add-on more than base + B × A, None if it is a plain LoRA.

    Sources: peft LoraConfig; an initialisation that also changes the base's weights cannot be told from the add-on
    alone (peft tuners/lora/layer.py, pissa_init and others).
    """
    kind = str(config.get("peft_type", "LORA"))
    if kind.upper() not in _MERGED:
        return _WRITTEN.get(kind.upper(), kind)[:60]
    if config.get("use_dora"):
        return "DoRA"
    if config.get("alora_invocation_tokens"):
        return "aLoRA"
    if config.get("task_type") in ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS"):
        return str(config["task_type"])
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_MADE_WITH_THE_BASE):
        return start[:60]
    return next((_WRITTEN.get(key, key) for key in _CHANGES_MORE if config.get(key)), None)
