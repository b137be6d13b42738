"""Signs one file for Windows by the command in MODELYARD_SIGN_COMMAND; without one it says that it did not.

    python packaging/windows/sign.py FILE

The command is words separated by "|", in which {file} stands for the file. makensis starts this for the uninstaller,
which it makes and packs in one go.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def sign(file: Path) -> None:
    """Raises CalledProcessError."""
    command = os.environ.get("MODELYARD_SIGN_COMMAND", "")
    if command:
        subprocess.run([part.replace("{file}", str(file)) for part in command.split("|")], check=True)
    else:
        print(f"not signed: {file.name} (MODELYARD_SIGN_COMMAND is not set)")


if __name__ == "__main__":
    sign(Path(sys.argv[1]))
