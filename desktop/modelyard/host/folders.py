"""Where things are kept. `--data-dir` moves every one of them; nothing of ours is written anywhere else."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import Code, ModelyardError

PORTABLE_MARK = "portable.txt"  # beside the program: keep everything in the folder "data" beside it


@dataclass(frozen=True)
class Folders:
    """All folders under one root. `make()` creates them; nothing else does."""

    root: Path

    @property
    def models(self) -> Path:
        """Models of the built-in engine, one folder each."""
        return self.root / "models"

    @property
    def work(self) -> Path:
        """Half-made results; on the same volume as models so that finishing is a rename."""
        return self.root / "work"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def personas(self) -> Path:
        return self.root / "personas"

    @property
    def cache(self) -> Path:
        """May be deleted at any time."""
        return self.root / "cache"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.json"

    @property
    def chats_file(self) -> Path:
        return self.root / "chats.sqlite3"

    def make(self) -> None:
        """Raises FOLDER_NOT_WRITABLE."""
        try:
            for folder in (self.models, self.work, self.downloads, self.jobs, self.personas, self.cache, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=str(self.root)) from error


def program_folder() -> Path:
    """The folder of the frozen program, or of this package's checkout."""
    if getattr(sys, "frozen", False):
        return Path(sys.executable).resolve().parent
    return Path(__file__).resolve().parents[3]


def default_root() -> Path:
    """The system's place for application data, or `data` beside a portable copy."""
    beside = program_folder()
    if getattr(sys, "frozen", False) and (beside / PORTABLE_MARK).exists():
        return beside / "data"
    import platformdirs

    return Path(platformdirs.user_data_dir("Modelyard", appauthor=False, roaming=False))


def folders_at(data_dir: Path | None) -> Folders:
    return Folders(at_home(data_dir or default_root()).absolute())


def at_home(path: Path) -> Path:
    """`~` replaced by the home folder; the path as it is where nobody knows which one that would be."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def resources_folder() -> Path:
    """resources/ of the checkout, of the installed wheel, or of the frozen program."""
    frozen = getattr(sys, "_MEIPASS", None)
    package = Path(__file__).resolve().parents[1]
    for candidate in (
        Path(frozen) / "resources" if frozen else None,
        package / "resources",
        package.parents[1] / "resources",
    ):
        if candidate is not None and candidate.is_dir():
            return candidate
    raise ModelyardError(Code.FILE_MISSING, name="resources")
