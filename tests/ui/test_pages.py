"""The views' modules are loaded in the background, and none of the heavy libraries with them."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
from modelyard.ui.pages import load_pages
load_pages()
wanted = {f"modelyard.ui.{name}" for name in (
    "importing.jobs_view", "importing.wizard", "models.view", "personas.view", "selfcheck.view", "settings.view",
    "welcome.view")}
heavy = {"numpy", "gguf", "httpx", "huggingface_hub", "ollama", "keyring", "xllamacpp", "tokenizers"}
print(sorted(wanted - set(sys.modules)), sorted(heavy & set(sys.modules)))
"""


def test_pages_are_loaded_without_what_is_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "[] []"), done.stderr
