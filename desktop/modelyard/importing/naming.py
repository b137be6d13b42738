"""Technical names: what engines accept, made from whatever the model is called in any language."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_SIZE_TAIL = re.compile(
    r"[-_. ](?:(?:i?q\d(?:[-_](?:k|xxs|xs|s|m|l|xl|nl|\d))*(?:[-_][sml])?)|f16|f32|bf16|fp16|fp32|mxfp4|gguf|ggml)$",
    re.IGNORECASE,
)
_SHARD_TAIL = re.compile(r"-\d{5}-of-\d{5}$")
_MAX = 60


def technical_name(text: str) -> str:
    """Lower-case ASCII letters, digits, `-`, `_` and `.`; starts with a letter or digit; at most 60 characters.

    Letters with accents lose them; text with nothing left (for example Chinese) becomes "model-" and a short hash, so
    that the same text always gives the same name.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")
    slug = re.sub(r"-{2,}", "-", slug)[:_MAX].strip("-._")
    lost = not text.isascii()
    if slug and (not lost or len(re.sub(r"[^a-z]", "", slug)) >= 2):
        return slug
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
    return f"model-{slug}-{digest}" if slug else f"model-{digest}"


def model_title(file_stem: str) -> str:
    """A file's or folder's name without shard numbers and size endings ("Llama-3-8B-Q4_K_M" → "Llama-3-8B")."""
    title = _SHARD_TAIL.sub("", file_stem)
    while True:
        shorter = _SIZE_TAIL.sub("", title)
        if shorter == title or not shorter:
            return title
        title = shorter


def shown_title(file_stem: str, inner_name: str) -> str:
    """What to call a model: its file's name, which the person knows, unless that says nothing."""
    title = model_title(file_stem)
    letters = re.sub(r"[^\w]", "", title)
    says_nothing = title.lower() in ("model", "ggml-model", "gguf", "unnamed", "download") or len(letters) < 3
    if says_nothing or re.fullmatch(r"(?:sha256-)?[0-9a-f]{16,}", title.lower()):
        return inner_name or title
    return title


def name_with_size(base: str, size: str) -> str:
    """`base:size` for a size other than the file's own: two sizes of one model stand side by side."""
    return f"{base}:{size.lower()}" if size and ":" not in base else base


def unused(name: str, taken: set[str]) -> str:
    """`name`, or name-2, name-3 … if it is taken (case does not count)."""
    lower = {each.lower().removesuffix(":latest") for each in taken}
    base, _, tag = name.partition(":")
    number, candidate = 1, name
    while candidate.lower().removesuffix(":latest") in lower:
        number += 1
        candidate = f"{base}-{number}" + (f":{tag}" if tag else "")
    return candidate
