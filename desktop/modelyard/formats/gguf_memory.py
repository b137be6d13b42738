"""How much conversation memory a model needs, from its metadata: the numbers that llama.cpp's caches are made of
(src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp, llama-hparams.cpp, src/models/)."""

from __future__ import annotations

from dataclasses import dataclass

from .gguf_values import GgufHeader

MAX_LAYERS = 4096

# Models whose layers see only a window, but for every n-th: architecture → n (load_swa_pattern in src/models/).
# Elsewhere llama.cpp gives every layer the whole context, whatever attention.sliding_window says.
_PERIODS = {
    "afmoe": 4,
    "cohere2": 4,
    "cohere2moe": 4,
    "exaone-moe": 4,
    "exaone4": 4,
    "gemma-embedding": 6,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
    "laguna": 4,
    "llama4": 4,
    "mellum": 4,
    "modern-bert": 3,
    "muse-glimmer": 4,
    "olmo2": 4,
    "plamo3": 8,
    "smallthinker": 4,
}
_WHOLE_FIRST = frozenset({"cohere2moe", "laguna", "modern-bert", "smallthinker"})  # the n-th is the first of n
_DEFAULT_WINDOWS = {"exaone-moe": 128, "gemma2": 4096, "llama4": 8192}
_LAYERS_WITH_CACHE = {"gemma3n": 20}  # the layers above share with those below
_LINEAR_EXCEPT_EVERY = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}


@dataclass(frozen=True, slots=True)
class LayerCache:
    """One layer: numbers stored per token for keys and values. `window`: most tokens kept, 0 = the whole context."""

    keys: int
    values: int
    window: int = 0


@dataclass(frozen=True, slots=True)
class ConversationMemory:
    """`layers`: those that keep a cache. `state_bytes`: fixed, of recurrent layers (float32)."""

    layers: tuple[LayerCache, ...]
    state_bytes: int = 0

    def bytes_for(self, context: int, number_bytes: float = 2.0, batch: int = 512) -> int:
        """Bytes for `context` tokens in one conversation. `number_bytes`: 2 for F16 (llama.cpp's default),
        34/32 for Q8_0. A windowed layer keeps its window and one batch, rounded up to 256 tokens."""
        total = 0.0
        for layer in self.layers:
            tokens = context
            if layer.window:
                tokens = min(context, layer.window + batch)
                tokens += -tokens % 256
            total += tokens * (layer.keys + layer.values) * number_bytes
        return int(total) + self.state_bytes


def conversation_memory(header: GgufHeader) -> ConversationMemory | None:
    """None if the metadata does not say enough (no layers, or nonsense)."""
    arch = header.text("general.architecture")
    layers = _number(header, arch, "block_count") - _number(header, arch, "nextn_predict_layers")
    heads = _per_layer(header, arch, "attention.head_count", layers)
    if not 0 < layers <= MAX_LAYERS or not heads:
        return None
    kv_heads = _per_layer(header, arch, "attention.head_count_kv", layers) or heads
    width = _number(header, arch, "embedding_length") // max(1, *heads)
    recurrent = _recurrent(header, arch, layers)
    window, windowed = _windowed(header, arch, layers)
    cached = _number(header, arch, "attention.shared_kv_layers")
    last = min(layers - cached, _LAYERS_WITH_CACHE.get(arch, layers))
    latent = _number(header, arch, "attention.key_length_mla") > 0  # MLA: values are part of the keys
    found: list[LayerCache] = []
    for layer in range(max(0, last)):
        if recurrent[layer] or not kv_heads[layer]:
            continue
        suffix = "_swa" if windowed[layer] else ""
        keys = _number(header, arch, "attention.key_length" + suffix)
        keys = keys or _number(header, arch, "attention.key_length") or width
        values = _number(header, arch, "attention.value_length" + suffix)
        values = values or _number(header, arch, "attention.value_length") or width
        count = kv_heads[layer]
        found.append(LayerCache(keys * count, 0 if latent else values * count, window if windowed[layer] else 0))
    return ConversationMemory(tuple(found), _state_bytes(header, arch, layers - len(found)))


def _number(header: GgufHeader, arch: str, key: str) -> int:
    """A count of the metadata: 0 if absent, negative or beyond all reason; of an array the first."""
    numbers = header.integers(f"{arch}.{key}")
    return numbers[0] if numbers and 0 <= numbers[0] < 2**31 else 0


def _per_layer(header: GgufHeader, arch: str, key: str, layers: int) -> tuple[int, ...]:
    """A value a layer; a single number stands for all layers. () if absent or of another length."""
    numbers = header.integers(f"{arch}.{key}")
    if any(not 0 <= number < 2**31 for number in numbers) or not 0 < layers <= MAX_LAYERS:
        return ()
    if len(numbers) == 1:
        return numbers * layers
    return numbers[:layers] if len(numbers) >= layers else ()


def _windowed(header: GgufHeader, arch: str, layers: int) -> tuple[int, tuple[bool, ...]]:
    """The window in tokens, and for each layer whether it keeps only that."""
    nowhere = (False,) * layers
    window = _number(header, arch, "attention.sliding_window") or _DEFAULT_WINDOWS.get(arch, 0)
    pattern = header.integers(f"{arch}.attention.sliding_window_pattern")
    if not window:
        return 0, nowhere
    if len(pattern) >= layers > 1:
        return window, tuple(bool(value) for value in pattern[:layers])
    period = pattern[0] if len(pattern) == 1 and arch in _PERIODS else _PERIODS.get(arch)
    if period is None:
        return 0, nowhere
    if period <= 0:
        return window, (True,) * layers
    whole = 0 if arch in _WHOLE_FIRST else period - 1
    return window, tuple(layer % period != whole for layer in range(layers))


def _recurrent(header: GgufHeader, arch: str, layers: int) -> tuple[bool, ...]:
    """For each layer whether it has a fixed state in place of a cache."""
    named = _per_layer(header, arch, "attention.recurrent_layers", layers)
    if named:
        return tuple(bool(value) for value in named)
    every = _number(header, arch, "full_attention_interval") or _LINEAR_EXCEPT_EVERY.get(arch, 0)
    if every:
        return tuple((layer + 1) % every != 0 for layer in range(layers))
    return (False,) * layers


def _state_bytes(header: GgufHeader, arch: str, layers: int) -> int:
    """Mamba-like state: the convolution's last inputs and the state proper, in float32."""
    inner = _number(header, arch, "ssm.inner_size")
    state = _number(header, arch, "ssm.state_size")
    groups = _number(header, arch, "ssm.group_count")
    kernel = _number(header, arch, "ssm.conv_kernel")
    return 4 * layers * (max(0, kernel - 1) * (inner + 2 * groups * state) + state * inner)
