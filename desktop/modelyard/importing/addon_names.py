"""What to call an add-on: training programs name their folders alike whatever is trained."""

from __future__ import annotations

import re
from pathlib import Path

_SAYS_NOTHING = frozenset(
    (
        *("adapter", "adapters", "adapter_model", "default", "lora", "qlora", "lora_model", "lora-out", "peft"),
        *("sft", "dpo", "orpo", "kto", "grpo", "ppo", "simpo", "pt", "train", "training", "run", "runs"),
        *("final", "final_model", "final_checkpoint", "best", "last", "latest", "checkpoint", "checkpoints"),
        *("model", "models", "out", "output", "outputs", "result", "results", "save", "saves", "saved", "tmp"),
        *("content", "downloads", "desktop", "documents", "下载", "桌面", "文档"),
    )
)
# checkpoint-500, global_step500, epoch_2, run-3; LLaMA-Factory's train_2025-01-31-…; ms-swift's v0-20250131-…
_NUMBERED = re.compile(r"(global_)?(checkpoint|step|epoch|run)[-_]?\d+|train_[\d_-]+|v\d+-\d{8}-\d{6}")
_LEVELS = 5


def addon_name(folder: Path, base_model: str) -> str:
    """The nearest folder's name that says something ("pirate" of pirate/lora/checkpoint-500); the base's and "-lora"
    where there is none, or where that is all it says."""
    base = re.split(r"[/\\]", base_model.rstrip("/\\"))[-1]
    absolute = folder.absolute()
    for level in (absolute, *absolute.parents)[:_LEVELS]:
        if level in (Path.home(), level.parent):
            break
        name = level.name.lower()
        if name not in _SAYS_NOTHING and not _NUMBERED.fullmatch(name):
            return f"{level.name}-lora" if name == base.lower() else level.name
    return f"{base}-lora" if base else absolute.name
