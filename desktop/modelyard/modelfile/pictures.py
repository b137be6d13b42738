"""A persona's picture beside its Modelfile."""

from __future__ import annotations

_KINDS = ((b"\x89PNG\r\n\x1a\n", "picture.png"), (b"\xff\xd8\xff", "picture.jpg"))
PICTURE_NAMES = tuple(name for _, name in _KINDS)


def picture_name(picture: bytes) -> str:
    """The file name for a picture by its first bytes; "" for none or an unknown kind."""
    return next((name for magic, name in _KINDS if picture.startswith(magic)), "")
