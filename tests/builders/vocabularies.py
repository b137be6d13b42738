"""Tiny vocabularies of the kinds that are not byte-level BPE in tokenizer.json: SentencePiece, WordPiece, Unigram,
RWKV, Qwen 1. At most 320 tokens; Qwen's special ones come on top."""

from __future__ import annotations

import base64
import json
import string
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LETTERS = [*string.ascii_letters, *"0123456789.,!?"]
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6


def write_pieces(folder: Path) -> None:
    """tokenizer.model: three special tokens, 256 bytes, then letters (a SentencePiece protocol buffer)."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    pieces = [("<unk>", 0.0, _UNKNOWN), ("<s>", 0.0, _CONTROL), ("</s>", 0.0, _CONTROL)]
    pieces += [(f"<0x{byte:02X}>", 0.0, _BYTE) for byte in range(256)]
    pieces += [(text, -float(rank), _NORMAL) for rank, text in enumerate(["▁", *string.ascii_lowercase])]
    data = b"".join(_field(1, _piece(*piece)) for piece in pieces)
    trainer = _varint(3, 2) + _varint(35, 1)  # model_type BPE, byte_fallback
    data += _field(2, trainer) + _field(3, _field(1, b"identity") + _varint(3, 1) + _varint(4, 0) + _varint(5, 1))
    (folder / "tokenizer.model").write_bytes(data)
    settings = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    _write(folder / "tokenizer_config.json", settings)


def write_rwkv(folder: Path) -> None:
    """RWKV's list: the bytes, then words, also of more than ASCII."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    words = [bytes([byte]) for byte in range(256)]
    words += [b"\n\n\n", b"\r\n", b"\"'", "é".encode(), b"\n\n", b"he", b"hello"]
    lines = (f"{number} {word!r} {len(word)}\n" for number, word in enumerate(words, 1))
    (folder / "rwkv_vocab_v20230424.txt").write_text("".join(lines), encoding="utf-8")


def write_qwen(folder: Path, words: Sequence[bytes] = (b"he",)) -> None:
    """qwen.tiktoken: the bytes, then words; 208 special tokens follow by Qwen's own program."""
    (folder / "tokenizer.json").unlink(missing_ok=True)
    tokens = [*(bytes([byte]) for byte in range(256)), *words]
    lines = [base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens)]
    (folder / "qwen.tiktoken").write_bytes(b"".join(lines))
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "QWenTokenizer", "model_max_length": 8192})


def write_plamo(folder: Path) -> None:
    """PLaMo's list: special tokens, the bytes, words."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    rows = [
        ["<|plamo:unk|>", 0.0, "UNKNOWN"],
        *([f"<|plamo:{kind}|>", 0.0, "CONTROL"] for kind in ("bos", "eos", "pad")),
    ]
    rows += [["<|plamo:op|>", 0.0, "NORMAL"], *([f"<0x{byte:02X}>", 0.0, "BYTE"] for byte in range(256))]
    rows += [[text, -1.5, "NORMAL", None] for text in ("\n", "he", "hello", "日本")]
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "tokenizer.jsonl").write_text("".join(lines), encoding="utf-8")
    _write(folder / "tokenizer_config.json", {"bos_token": "<|plamo:bos|>", "eos_token": "<|plamo:eos|>"})


def write_wordpiece(folder: Path) -> None:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    tokenizer = {
        "version": "1.0",
        "added_tokens": [_special(number, text) for number, text in enumerate(special)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": False},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": _around_a_text(special, "[CLS]", "[SEP]"),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {text: number for number, text in enumerate(words)},
        },
    }
    _write(folder / "tokenizer.json", tokenizer)
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "mask_token": "[MASK]",
        },
    )


def write_unigram(folder: Path) -> None:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    scored = [*((text, 0.0) for text in special), ("▁", -1.0), *((text, -2.0) for text in _LETTERS)]
    tokenizer = {
        "version": "1.0",
        "added_tokens": [_special(number, text) for number, text in enumerate(special)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": _around_a_text(special, "<s>", "</s>"),
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(entry) for entry in scored], "byte_fallback": False},
    }
    _write(folder / "tokenizer.json", tokenizer)
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "XLMRobertaTokenizer",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
    )


def _special(number: int, text: str) -> dict[str, Any]:
    flags = ("single_word", "lstrip", "rstrip", "normalized")
    return {"id": number, "content": text, "special": True, **dict.fromkeys(flags, False)}


def _around_a_text(special: list[str], first: str, last: str) -> dict[str, Any]:
    """The post-processor that puts one token before and one behind every text."""
    known = {text: {"id": text, "ids": [special.index(text)], "tokens": [text]} for text in (first, last)}
    single = [_template(first), {"Sequence": {"id": "A", "type_id": 0}}, _template(last)]
    return {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": known}


def _template(text: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": text, "type_id": 0}}


def _piece(text: str, score: float, kind: int) -> bytes:
    return _field(1, text.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", score) + _varint(3, kind)


def _field(number: int, data: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(data)) + data


def _varint(number: int, value: int) -> bytes:
    return _number(number << 3) + _number(value)


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
