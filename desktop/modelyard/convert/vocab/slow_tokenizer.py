"""Tokenizers from before tokenizer.json: vocab.json with merges.txt (GPT-2, Qwen 2) and vocab.txt (BERT).

Follows transformers 4.57.6, convert_slow_tokenizer.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..model import Model
from .tokenizer_class import TokenizerClass

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def build_tokenizer(model: Model, settings: Mapping[str, Any], kind: TokenizerClass) -> Tokenizer | None:
    """None if neither pair of files is there."""
    merges = read_merges(model)
    vocabulary = model.json("vocab.json")
    if vocabulary is not None and merges:
        return _byte_level(vocabulary, merges, settings)
    words = model.files.text("vocab.txt") if kind.bert else None
    return None if words is None else _word_piece(words.splitlines(), settings)


def read_merges(model: Model) -> list[str]:
    """merges.txt: "a b" a line; a first line beginning with # is a comment; malformed lines are left out."""
    lines = (model.files.text("merges.txt") or "").splitlines()
    if lines and lines[0].strip().startswith("#"):
        lines = lines[1:]
    pairs = (line.split() for line in lines)
    return [f"{pair[0]} {pair[1]}" for pair in pairs if len(pair) == 2]


def _byte_level(vocabulary: dict[str, int], merges: list[str], settings: Mapping[str, Any]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    pairs = [(first, second) for first, second in (merge.split(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    prefix = bool(settings.get("add_prefix_space", False))
    if str(settings.get("tokenizer_class", "")).startswith("Qwen2"):
        tokenizer.normalizer = normalizers.NFC()
        split = pre_tokenizers.Split(Regex(_QWEN2_SPLIT), behavior="isolated", invert=False)
        level = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def _word_piece(words: list[str], settings: Mapping[str, Any]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=str(settings.get("unk_token", "[UNK]"))))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=bool(settings.get("do_lower_case", True)))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    first, last = str(settings.get("cls_token", "[CLS]")), str(settings.get("sep_token", "[SEP]"))
    if first in vocabulary and last in vocabulary:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{first}:0 $A:0 {last}:0",
            pair=f"{first}:0 $A:0 {last}:0 $B:1 {last}:1",
            special_tokens=[(first, vocabulary[first]), (last, vocabulary[last])],
        )
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer
