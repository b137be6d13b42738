"""What is listed is used: error codes, the words of warnings, icons."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from modelyard.errors import Code

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "resources"
COMPOSED = ("repair_",)  # warnings whose names are put together


def program() -> str:
    """All its sources but the list of codes, with the style sheet and what packs it."""
    paths = [path for path in (ROOT / "desktop").rglob("*.py") if path.name != "errors.py"]
    paths += [*(ROOT / "packaging").rglob("*.py"), *(ROOT / "packaging").rglob("*.spec")]
    paths += (RESOURCES / "style").glob("*.qss")
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[\w-]+", text))


def test_every_error_code_is_raised() -> None:
    said = words_of(program())
    assert not [code.name for code in Code if code.name not in said and code.value not in said]


def test_every_warning_is_given() -> None:
    said = words_of(program())
    paths = (RESOURCES / "words" / "en").glob("*.toml")
    listed = {key for path in paths for key in tomllib.loads(path.read_text(encoding="utf-8")).get("warnings", {})}
    assert listed
    assert not sorted(key for key in listed - said if not key.startswith(COMPOSED))


def test_every_icon_is_shown() -> None:
    text = program()
    icons = sorted((RESOURCES / "icons").glob("*.svg"))
    assert icons
    assert not [path.name for path in icons if f'"{path.stem}"' not in text and path.name not in text]
