"""The Debian package: the program below /opt, with the command, the menu entry, the icon and the file type."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from linux.tree import put_share
from steps import PACKAGING, Places, __version__, machine, put, run, self_test

ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


def make_deb(places: Places) -> Path:
    """Raises SystemExit if the program in it does not pass its self-test."""
    architecture = ARCHITECTURES[machine()]
    target = places.dist / f"modelyard_{__version__}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "deb"
        shutil.copytree(places.frozen, tree / "opt" / "modelyard", symlinks=True)
        put(tree / "usr/bin/modelyard", link="/opt/modelyard/modelyard")
        put_share(tree / "usr" / "share", places)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(control(architecture, size_of(tree)), encoding="utf-8")
        run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", tree, target])
        unpacked = Path(scratch) / "unpacked"
        run(["dpkg-deb", "-x", target, unpacked])
        self_test(unpacked / "opt" / "modelyard" / "modelyard")
    return target


def control(architecture: str, size: int) -> str:
    """The control file; `size` in bytes."""
    text = (PACKAGING / "linux" / "control.in").read_text(encoding="utf-8")
    return text.format(version=__version__, architecture=architecture, size=size // 1024)


def size_of(tree: Path) -> int:
    return sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
