"""What is imported before the first paint: nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "numpy",
    "gguf",
    "huggingface_hub",
    "ollama",
    "keyring",
    "httpx",
    "httpx2",
    "xllamacpp",
    "tokenizers",
    "pygments",
)
SCRIPT = """
import json, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from modelyard import bootstrap
from modelyard.ui import app as window

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.done:
            self.done = True
            print(json.dumps(sorted(sys.modules)))
            QTimer.singleShot(0, window.QApplication.quit)
        return False
    done = False

real = window.Desktop.open
def open_watched(self, opening):
    self.watch = Watch(self)
    window.QApplication.instance().installEventFilter(self.watch)
    real(self, opening)
window.Desktop.open = open_watched
sys.exit(bootstrap.window_main(["--data-dir", sys.argv[1]]))
"""


def modules_at_first_paint(data: Path) -> set[str]:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(data)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        check=True,
    )
    return set(json.loads(found.stdout.splitlines()[0]))


def test_nothing_heavy_before_the_first_paint(tmp_path: Path) -> None:
    """At the first start (welcome page) and later (chat page)."""
    data = tmp_path / "data"
    assert modules_at_first_paint(data) & set(HEAVY) == set()
    (data / "settings.json").write_text('{"welcomed": true}', encoding="utf-8")
    assert modules_at_first_paint(data) & set(HEAVY) == set()
