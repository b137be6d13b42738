"""Writes the table of families into the README, from the code.

python packaging/families.py          write it
python packaging/families.py check    exit status 1 if the README says something else
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
MARKS = re.compile(r"(<!-- families[^\n]*-->\n).*?(<!-- /families -->)", re.DOTALL)

sys.path.insert(0, str(ROOT / "desktop"))
from modelyard.convert.describe import families_table  # noqa: E402


def with_table(text: str) -> str:
    """Raises ValueError if the marks are gone."""
    if not MARKS.search(text):
        raise ValueError("the README has lost the marks of the families table")
    return MARKS.sub(lambda match: f"{match[1]}\n{families_table().strip()}\n\n{match[2]}", text)


def main(arguments: list[str]) -> int:
    before = README.read_text(encoding="utf-8")
    after = with_table(before)
    if arguments == ["check"]:
        return int(before != after)
    README.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
