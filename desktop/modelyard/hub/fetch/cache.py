"""Files that other programs already fetched: the Hugging Face cache, which is only ever read.

Layout (huggingface_hub, "Understand caching"): models--<owner>--<name>/blobs/<etag>; where links are not allowed
(Windows) the files stand in snapshots/<commit>/<path> instead."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ...host.folders import at_home
from ..values import RepoFile


def cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where Hugging Face's own programs keep what they fetched."""
    env = os.environ if environment is None else environment
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if env.get(name):
            return at_home(Path(env[name]))
    home = env.get("HF_HOME") or str(Path(env.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    return at_home(Path(home)) / "hub"


def find_cached(folder: Path, repository: str, revision: str, file: RepoFile) -> Path | None:
    """A file of the listed size that should hold these bytes; whoever takes it hashes it."""
    if not file.etag:
        return None
    model = folder / ("models--" + repository.replace("/", "--"))
    for candidate in (model / "blobs" / file.etag, model / "snapshots" / revision / file.path):
        with contextlib.suppress(OSError, ValueError):
            if candidate.is_file() and candidate.stat().st_size == file.size:
                return candidate.resolve()
    return None


def give_second_name(source: Path, target: Path) -> None:
    """Makes `source` readable as `target` without a second copy if the volume allows. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
