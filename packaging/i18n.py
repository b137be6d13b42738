"""The window's translations: `update` the sources, `check` that nothing is missing, `compile` what ships.

    python packaging/i18n.py update [PART …]  after changing texts in ui/; then fill in resources/i18n/*.ts
    python packaging/i18n.py check            exit status 1 if a text is missing, unfinished or no longer used
    python packaging/i18n.py compile          resources/i18n/modelyard_<language>.qm

Each part of ui/ (a folder, and "window" for the files above them) has a file of its own for each language.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "desktop" / "modelyard" / "ui"
FOLDER = ROOT / "resources" / "i18n"
LANGUAGES = ("zh_CN",)

sys.path.insert(0, str(ROOT / "desktop"))
from modelyard.ui.i18n import compile_catalogue, qt_tool  # noqa: E402


def parts() -> dict[str, list[Path]]:
    """The Python files of each part that may hold texts."""
    found = {"window": sorted(UI.glob("*.py"))}
    for folder in sorted(each for each in UI.iterdir() if each.is_dir() and each.name != "__pycache__"):
        found[folder.name] = sorted(folder.glob("*.py"))
    return {name: files for name, files in found.items() if any(_has_texts(path) for path in files)}


def _has_texts(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return "self.tr(" in text or ".translate(" in text


def update(folder: Path = FOLDER, wanted: Sequence[str] = ()) -> None:
    """Takes new texts into the sources and drops those no longer used. Without names, of every part.

    Raises CalledProcessError."""
    for name, files in parts().items():
        if wanted and name not in wanted:
            continue
        for language in LANGUAGES:
            target = folder / f"{name}.{language}.ts"
            options = ["-source-language", "en", "-target-language", language, "-no-obsolete", "-locations", "none"]
            subprocess.run([qt_tool("lupdate"), "-silent", *files, "-ts", target, *options], check=True)


def problems(folder: Path = FOLDER) -> list[str]:
    """What keeps the translations from being complete."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        for source in folder.glob("*.ts"):
            shutil.copy(source, fresh)
        update(fresh)
        for path in sorted(fresh.glob("*.ts")):
            kept = folder / path.name
            if not kept.exists() or _texts(kept) != _texts(path):
                found.append(f"{path.name}: texts changed; run packaging/i18n.py update")
            found += [f"{path.name}: not translated: {text!r}" for text in _unfinished(path)]
        names = {f"{name}.{language}.ts" for name in parts() for language in LANGUAGES}
        found += [f"{path.name}: belongs to no part of ui/" for path in folder.glob("*.ts") if path.name not in names]
    return found


def _messages(path: Path) -> list[tuple[str, ElementTree.Element]]:
    tree = ElementTree.parse(path)  # our own file
    return [
        (f"{context.findtext('name')}: {message.findtext('source')}", message)
        for context in tree.iter("context")
        for message in context.iter("message")
    ]


def _texts(path: Path) -> set[str]:
    return {text for text, _message in _messages(path)}


def _unfinished(path: Path) -> list[str]:
    found = []
    for text, message in _messages(path):
        translation = message.find("translation")
        if translation is None or translation.get("type") or not (translation.text or "").strip():
            found.append(text)
    return found


def compile_all(folder: Path = FOLDER) -> list[Path]:
    """Raises CalledProcessError or OSError."""
    made = []
    for language in LANGUAGES:
        target = folder / f"modelyard_{language}.qm"
        compile_catalogue(sorted(folder.glob(f"*.{language}.ts")), target)
        made.append(target)
    return made


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update", *wanted]:
            update(wanted=wanted)
        case ["check"]:
            found = problems()
            print("\n".join(found) or "complete")
            return 1 if found else 0
        case ["compile"]:
            print("\n".join(str(path) for path in compile_all()))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
