"""A configuration as the reference converter sees it: config.json read through transformers (facts/converter.md, 9)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

from ..errors import Code, ModelyardError
from .config_checks import refused

_TEXT_NAMES = ("llm_config", "lm_config", "language_config", "lfm")  # other names of text_config
_BOUNDS = {"num_hidden_layers": 4096, "vocab_size": 1 << 24, "head_dim": 1 << 16}  # far above any model there is


def bounded(key: str, value: Any) -> int:
    """A number lists are made by, within reason. Raises CONFIG_INVALID."""
    number = int(value)
    if not 0 <= number <= _BOUNDS[key]:
        raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=f"{key} = {str(value)[:20]}")
    return number


class Config(Mapping[str, Any]):
    """Indexing a key that is missing raises CONFIG_KEY_MISSING; `find` takes the first key that is there, even if it
    says null (conversion/base.py find_hparam). `assumed`: what indexing and `need` fall back on, where the reference
    would fail; nothing else sees it."""

    def __init__(self, values: Mapping[str, Any], assumed: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values)
        self._assumed = dict(assumed or {})

    def __getitem__(self, key: str) -> Any:
        for values in (self._values, self._assumed):
            if key in values:
                return values[key]
        raise ModelyardError(Code.CONFIG_KEY_MISSING, name="config.json", key=key)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def find(self, *keys: str) -> Any:
        """None if none of them is there."""
        return next((self._values[key] for key in keys if key in self._values), None)

    def need(self, *keys: str) -> Any:
        """The first that is there and not null. Raises CONFIG_KEY_MISSING, naming the first."""
        for values in (self._values, self._assumed):
            for key in keys:
                if values.get(key) is not None:
                    return values[key]
        raise ModelyardError(Code.CONFIG_KEY_MISSING, name="config.json", key=keys[0])

    def with_values(self, **values: Any) -> Config:
        return Config({**self._values, **values}, self._assumed)

    def without(self, *keys: str) -> Config:
        return Config({key: value for key, value in self._values.items() if key not in keys}, self._assumed)

    @property
    def heads(self) -> int:
        return _at_least_one("num_attention_heads", self.need("num_attention_heads", "n_heads", "n_head"))

    @property
    def key_heads(self) -> int:
        """Heads of keys and values: as many as of queries where none are named."""
        found = self.find("num_key_value_heads", "n_kv_heads")
        return self.heads if found is None else _at_least_one("num_key_value_heads", found)

    @property
    def head_size(self) -> int:
        """head_dim, else hidden size ÷ heads."""
        size = self.get("head_dim")
        return bounded("head_dim", size if size is not None else self["hidden_size"] // self.heads)


def read_config(raw: Mapping[str, Any]) -> dict[str, Any]:
    """config.json with transformers' defaults, nested configurations included. A model type transformers does not
    know, and a configuration it refuses, stays as it is."""
    values = dict(raw)
    if not _refused(values, str(raw.get("model_type"))):
        values = _with_defaults(values, str(raw.get("model_type")))
    for name in _TEXT_NAMES:
        if isinstance(values.get(name), dict):
            values["text_config"] = values[name]
    thinker = values.get("thinker_config")
    if isinstance(thinker, dict) and isinstance(thinker.get("text_config"), dict):
        values["text_config"] = thinker["text_config"]
    return values


def text_config(values: Mapping[str, Any]) -> Config:
    """The configuration of the text model: text_config over the top level."""
    return Config(_flat(values))


def read_text_config(raw: Mapping[str, Any]) -> Config:
    """As text_config of read_config; of a refused configuration transformers' defaults are only assumed."""
    values, model_type = read_config(raw), str(raw.get("model_type"))
    assumed = _with_defaults(dict(raw), model_type) if _refused(raw, model_type) else {}
    return Config(_flat(values), _flat(assumed))


def _flat(values: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = values.get("text_config")
    return {**values, **inner} if isinstance(inner, dict) else values


def _refused(values: Mapping[str, Any], model_type: str) -> bool:
    """A refused part refuses the whole."""
    known = _table().get(model_type, {})
    parts = known.get("parts", {}).items()
    nested = [(values[part], expected) for part, expected in parts if isinstance(values.get(part), dict)]
    return refused(values, model_type, known.get("num_hidden_layers")) or any(
        _refused(inner, _part_type(inner, kind)) for inner, kind in nested
    )


def _with_defaults(values: dict[str, Any], model_type: str) -> dict[str, Any]:
    known = _table().get(model_type)
    if known is None:
        return values
    defaults = {key: value for key, value in known.items() if key not in ("renamed", "parts")}
    if "num_local_experts" in values:
        defaults.pop("num_experts", None)  # transformers 5 saves Qwen 3 MoE's under this name
    for old, new in known.get("renamed", {}).items():
        if old in values:
            values[new] = values.pop(old)
    for part, part_type in known.get("parts", {}).items():
        inner = values.get(part)
        if inner is None and part == "text_config":
            inner = {key: value for key, value in values.items() if key not in ("model_type", "vision_config")}
        values[part] = _with_defaults(dict(inner or {}), _part_type(inner, part_type))
    for key, value in _derived(model_type, values, defaults).items():
        if values.get(key) is None:
            defaults[key] = value
    filled = {**defaults, **values}
    for key, types, rule in _WHERE_NULL:
        if filled.get(key) is None and key in values and model_type in types.split():
            filled[key] = rule(filled)
    return filled


def _part_type(inner: Any, expected: str) -> str:
    given = inner.get("model_type") if isinstance(inner, dict) else None
    return given if isinstance(given, str) and given in _table() and not expected.endswith("_vision") else expected


def _derived(model_type: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values the configuration classes compute from others."""
    merged = {**defaults, **values}
    found: dict[str, Any] = {}
    if "num_key_value_heads" in defaults and model_type not in _FIXED_KEY_HEADS.split():
        found["num_key_value_heads"] = merged["num_attention_heads"]
    for key, types, rule in _RULES:
        if model_type in types:
            found[key] = rule(merged)
    return found


# Classes with a number of their own for num_key_value_heads when the key is missing.
_FIXED_KEY_HEADS = (
    "mistral mixtral qwen2 qwen2_moe qwen3 qwen3_moe qwen3_next qwen2_vl_text qwen2_5_vl_text qwen3_vl_text "
    "qwen3_vl_moe_text gemma gemma2 gemma3_text gemma3n_text phimoe starcoder2 stablelm smollm3 glm glm4 glm4_moe "
    "glm4v_text glm4v_moe_text exaone4 deepseek_v3 gpt_oss lfm2 ernie4_5 ernie4_5_moe llama4_text seed_oss "
    "gpt_bigcode bitnet jamba chameleon"
)


def _own_head_size(config: Mapping[str, Any]) -> int:
    return int(config["hidden_size"] // _at_least_one("num_attention_heads", config["num_attention_heads"]))


def _at_least_one(key: str, value: Any) -> int:
    """Raises CONFIG_INVALID."""
    if int(value) < 1:
        raise ModelyardError(Code.CONFIG_INVALID, name="config.json", detail=f"{key} = {str(value)[:20]}")
    return int(value)


def _layer_types(period: int, often: str, other: str = "full_attention") -> Callable[[Mapping[str, Any]], list[str]]:
    """Every `period`th layer is the other kind; sliding_window_pattern may name another period."""

    def types(config: Mapping[str, Any]) -> list[str]:
        step = config.get("sliding_window_pattern") or config.get("full_attention_interval") or period
        step = step if isinstance(step, int) else period
        return [
            often if (layer + 1) % step else other
            for layer in range(bounded("num_hidden_layers", config["num_hidden_layers"]))
        ]

    return types


def _exaone4_layer_types(config: Mapping[str, Any]) -> list[str]:
    if config.get("sliding_window") is None:
        return ["full_attention"] * bounded("num_hidden_layers", config["num_hidden_layers"])
    return _layer_types(4, "sliding_attention")(config)


def _lfm2_layer_types(config: Mapping[str, Any]) -> list[str]:
    layers = range(bounded("num_hidden_layers", config["num_hidden_layers"]))
    attention = config.get("full_attn_idxs")
    attention = list(layers) if attention is None else attention
    return ["full_attention" if layer in attention else "conv" for layer in layers]


def _gemma3n_sparsity(config: Mapping[str, Any]) -> list[float]:
    layers = bounded("num_hidden_layers", config["num_hidden_layers"])
    sparse = 10 if layers > 10 else 0
    return [0.95] * sparse + [0.0] * (layers - sparse)


_RULES: tuple[tuple[str, tuple[str, ...], Callable[[Mapping[str, Any]], Any]], ...] = (
    ("head_dim", ("llama", "arcee", "cohere2", "nemotron", "qwen3_vl_moe_text"), _own_head_size),
    ("head_dim", ("deepseek_v2", "deepseek_v3"), lambda config: config["qk_rope_head_dim"]),
    ("layer_types", ("olmo3",), _layer_types(4, "sliding_attention")),
    ("layer_types", ("gemma3n_text",), _layer_types(5, "sliding_attention")),
    ("activation_sparsity_pattern", ("gemma3n_text",), _gemma3n_sparsity),
    ("layer_types", ("exaone4",), _exaone4_layer_types),
    ("layer_types", ("lfm2",), _lfm2_layer_types),
    ("layer_types", ("qwen3_next",), _layer_types(4, "linear_attention")),
    ("intermediate_size", ("mamba", "falcon_mamba"), lambda config: int(config["expand"] * config["hidden_size"])),
    ("time_step_rank", ("mamba", "falcon_mamba"), lambda config: -(-int(config["hidden_size"]) // 16)),
    ("mamba_dt_rank", ("jamba",), lambda config: -(-int(config["hidden_size"]) // 16)),
    ("num_kv_heads", ("falcon",), lambda config: config["num_attention_heads"]),
    ("ffn_hidden_size", ("falcon",), lambda config: 4 * config["hidden_size"]),
)


# What a class puts in the place of an explicit null; the others keep it.
_WHERE_NULL: tuple[tuple[str, str, Callable[[Mapping[str, Any]], Any]], ...] = (
    (
        "num_key_value_heads",
        "llama mistral mixtral qwen2 qwen3 phi phi3 phimoe granite granitemoe granitemoeshared granitemoehybrid olmo "
        "olmo2 olmo3 olmoe cohere cohere2 smollm3 deepseek_v2 deepseek_v3 gpt_oss apertus ernie4_5 llama4_text arcee "
        "seed_oss hunyuan_v1_dense hunyuan_v1_moe bitnet glm4v_text jamba qwen2_vl_text qwen2_5_vl_text qwen3_vl_text "
        "qwen3_vl_moe_text",
        lambda config: config["num_attention_heads"],
    ),
    ("head_dim", "llama nemotron gpt_oss ernie4_5 llama4_text arcee seed_oss qwen3_vl_moe_text", _own_head_size),
    ("head_dim", "deepseek_v2", lambda config: config["qk_rope_head_dim"]),
)


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    text = resources.files(__package__).joinpath("config_defaults.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
