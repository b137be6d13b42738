"""The README tells what the code does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_of_families_is_that_of_the_code() -> None:
    script = [sys.executable, str(ROOT / "packaging" / "families.py"), "check"]
    assert subprocess.run(script, check=False).returncode == 0, "run: python packaging/families.py"
