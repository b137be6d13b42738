"""Names of models and the folders they live in.

A name is NAME or NAME:TAG; each part has letters, digits, `.`, `_` and `-`, begins with a letter or digit and does not
end with a dot. Case does not count, and NAME:latest is NAME: both as in Ollama. Folder names are lower case with `@`
for `:`, so that they work on every file system; names that Windows keeps for devices get a `_` in front.
"""

from __future__ import annotations

import re

from ...errors import Code, ModelyardError

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?"
_NAME = re.compile(rf"{_PART}(?::{_PART})?")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[.@].*)?")


def checked(name: str) -> str:
    """The name without ":latest". Raises ENGINE_NAME_INVALID."""
    if not _NAME.fullmatch(name):
        raise ModelyardError(Code.ENGINE_NAME_INVALID, name=name[:200])
    return name[: -len(":latest")] if name.lower().endswith(":latest") else name


def folder_name(name: str) -> str:
    """Where a model of this name lives. Raises ENGINE_NAME_INVALID."""
    folder = checked(name).lower().replace(":", "@")
    return f"_{folder}" if _RESERVED.fullmatch(folder) else folder


def name_of_folder(folder: str) -> str | None:
    """The name that belongs to a folder, None if it is no model's folder."""
    name = folder.removeprefix("_").replace("@", ":")
    try:
        return name if folder_name(name) == folder.lower() else None
    except ModelyardError:
        return None
