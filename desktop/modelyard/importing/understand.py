"""From what was typed, dropped or picked to a Source. Looks at names and folder listings only (and four bytes of a file
whose name says nothing)."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import Code, ModelyardError
from ..formats.adapter import WEIGHT_FILES
from ..formats.checkpoint_folder import ZippedFolder
from ..formats.source import FileSource
from ..formats.split import part_names
from ..host.folders import at_home
from ..hub.links import parse_link
from .sources import AdapterFolder, CheckpointFolder, GgufFile, HubRepo, LibraryModel, Source

_WEIGHTS = (".safetensors", ".bin", ".pth", ".pt")
_FOLDER_MARKS = ("config.json", "params.json")
_LOCAL_LOOK = re.compile(r"^(?:[/~\\.]|[A-Za-z]:[\\/])")
_MOST_LISTED = 4000
_ENGINES = ("builtin", "ollama")


def parse_source(text: str) -> Source:
    """Raises FILE_MISSING, FILE_UNREADABLE, SOURCE_EMPTY_FOLDER, SOURCE_AMBIGUOUS, SOURCE_NOT_UNDERSTOOD and the
    coded errors of hub links."""
    text = text.strip().strip("\"'").strip()
    if not text or "\0" in text:
        raise ModelyardError(Code.SOURCE_NOT_UNDERSTOOD, text=text[:80])
    engine, _, name = text.partition(":")
    if engine in _ENGINES and name and not name.startswith("//"):
        return LibraryModel(engine, name)
    if text.startswith("file:"):
        try:
            text = unquote(urlsplit(text).path)
        except ValueError as error:
            raise ModelyardError(Code.SOURCE_NOT_UNDERSTOOD, text=text[:80]) from error
        if re.match(r"^/[A-Za-z]:", text):
            text = text[1:]
    path = at_home(Path(text))
    with contextlib.suppress(OSError):
        if path.exists():
            return source_at(path.absolute())
    if _LOCAL_LOOK.match(text) or (
        text.lower().endswith((".gguf", ".zip", *_WEIGHTS)) and "://" not in text and "/" not in text
    ):
        raise ModelyardError(Code.FILE_MISSING, name=path.name or text[:80])
    link = parse_link(text)
    return HubRepo(link.id, link.revision or "main", link.file, link.size_tag)


def source_at(path: Path) -> Source:
    """The source at an existing path."""
    if path.is_dir():
        return _folder_source(path)
    name = path.name.lower()
    if name in ("adapter_config.json", *WEIGHT_FILES):
        return AdapterFolder(path.parent)
    if name.endswith(".gguf") or _has_gguf_magic(path):
        return GgufFile(_first_shard(path))
    folder = path.parent
    if (folder / "adapter_config.json").exists() and not (folder / "config.json").exists():
        return AdapterFolder(folder)
    if name.endswith(".zip") and _holds_addon(path):
        return AdapterFolder(path)
    if name.endswith((".zip", ".json", ".model", *_WEIGHTS)):
        return CheckpointFolder(path)
    raise ModelyardError(Code.SOURCE_NOT_UNDERSTOOD, text=path.name)


def _holds_addon(zipped: Path) -> bool:
    with contextlib.suppress(ModelyardError):
        names = ZippedFolder(zipped).names()
        return "adapter_config.json" in names and "config.json" not in names
    return False


def _folder_source(folder: Path) -> Source:
    for candidate in (folder, *_subfolders(folder)):
        names = _listing(candidate)
        lower = {name.lower() for name in names}
        if "adapter_config.json" in lower or (lower & set(WEIGHT_FILES) and not lower & set(_FOLDER_MARKS)):
            return AdapterFolder(candidate)
        if lower & set(_FOLDER_MARKS) and any(name.endswith(_WEIGHTS) for name in lower):
            return CheckpointFolder(candidate)
        ggufs = sorted({_first_shard(candidate / name) for name in names if name.lower().endswith(".gguf")})
        models = [each for each in ggufs if "mmproj" not in each.name.lower()] or ggufs
        if len(models) == 1:
            return GgufFile(models[0])
        if models:
            shown = ", ".join(each.name for each in models[:6])
            raise ModelyardError(Code.SOURCE_AMBIGUOUS, name=candidate.name, found=shown)
        if lower & set(_FOLDER_MARKS) or any(name.endswith(_WEIGHTS) for name in lower):
            return CheckpointFolder(candidate)
    found = ", ".join(_listing(folder)[:6])
    raise ModelyardError(Code.SOURCE_EMPTY_FOLDER, name=folder.name, found=found or "–")


def _subfolders(folder: Path) -> list[Path]:
    """Visible folders inside; the newest snapshot first when this is a repository of the Hugging Face cache, the last
    checkpoint first when a training program wrote them."""
    snapshots = folder / "snapshots"
    inside = snapshots if snapshots.is_dir() else folder
    with contextlib.suppress(OSError):
        return sorted(
            (each for each in inside.iterdir() if each.is_dir() and not each.name.startswith(".")),
            key=lambda each: (-each.stat().st_mtime if inside is snapshots else 0, -_step(each.name), each.name),
        )[:200]
    return []


def _step(name: str) -> int:
    """The step of "checkpoint-1500", 0 of another name."""
    number = name.removeprefix("checkpoint-")
    return int(number) if number != name and number.isdecimal() and len(number) < 10 else 0


def _listing(folder: Path) -> list[str]:
    """Raises FILE_UNREADABLE."""
    try:
        return sorted(each.name for each, _ in zip(folder.iterdir(), range(_MOST_LISTED), strict=False))
    except OSError as error:
        raise ModelyardError(Code.FILE_UNREADABLE, name=folder.name, detail=error.strerror or "") from error


def _first_shard(path: Path) -> Path:
    names = part_names(path.name)
    first = path.with_name(names[0]) if names else path
    return first if first.exists() else path


def _has_gguf_magic(path: Path) -> bool:
    with FileSource(path) as source:
        return source.read_at(0, 4) == b"GGUF"
