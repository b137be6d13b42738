"""The vocabulary of Llama and its likes, in whichever of three forms it comes (conversion/llama.py set_vocab)."""

from __future__ import annotations

from ..keys import Keys
from ..model import Model
from .bpe import write_bpe
from .special import SpecialTokens
from .spm import has_spm, is_byte_fallback, write_byte_fallback, write_spm
from .tekken import FILE, write_tekken

_CODE_LLAMA = {"prefix": 32007, "suffix": 32008, "middle": 32009, "eot": 32010}


def write_llama_vocabulary(model: Model, keys: Keys) -> None:
    """Mistral's own tekken.json if there is no tokenizer.json; tokenizer.model, else a byte-fallback tokenizer.json,
    else byte-level BPE.

    Raises TOKENIZER_MISSING, TOKENIZER_INVALID.
    """
    if FILE in model.files and "tokenizer.json" not in model.files:
        write_tekken(model, keys)
        return
    settings = model.json("tokenizer_config.json") or {}
    if (prefix := settings.get("add_prefix_space")) is not None:
        keys.add_add_space_prefix(bool(prefix))
    if has_spm(model):
        write_spm(model, keys)
    elif is_byte_fallback(model):
        write_byte_fallback(model, keys)
    else:
        write_bpe(model, keys)
    size = model.config.get("vocab_size", 32000)
    if size == 32016:  # Code Llama
        special = SpecialTokens(model, types=tuple(_CODE_LLAMA))
        for kind, number in _CODE_LLAMA.items():
            special.set(kind, number)
        special.write(keys)
    if size == 49152:  # Granite's small code models
        keys.add_add_bos_token(False)
