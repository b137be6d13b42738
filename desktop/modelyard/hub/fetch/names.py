"""Where a remote file may be written: inside the folder, under a name every system takes."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from ...errors import Code, ModelyardError

_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_PATH_LIMIT = 500
_OURS = (".part", ".part.json", ".part.json.new")


def safe_path(folder: Path, remote: str) -> Path:
    """The local path of a remote file. Raises HUB_FILE_NAME_UNSAFE for a name that would leave the folder, that
    Windows refuses, or that our own notes use."""
    parts = remote.split("/")
    bad = not remote or len(remote) > _PATH_LIMIT or remote.lower().endswith(_OURS)
    for part in parts:
        bad = bad or part in ("", ".", "..") or len(part.encode("utf-8", "replace")) > 240
        bad = bad or bool(_FORBIDDEN.search(part)) or part != part.rstrip(". ") or bool(_RESERVED.fullmatch(part))
    if bad:
        raise ModelyardError(Code.HUB_FILE_NAME_UNSAFE, name=remote[:120])
    return folder.joinpath(*PurePosixPath(remote).parts)
