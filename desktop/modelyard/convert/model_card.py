"""The front matter of a model card (README.md) as the reference reads it (gguf-py/gguf/metadata.py load_model_card),
within bounds: a card may be long, nested without end, or unfold to more than the memory holds."""

from __future__ import annotations

from typing import Any

from ..formats.checkpoint_files import SmallFiles

_MOST_BYTES = 1024 * 1024  # evaluation results of embedding models take a few hundred kilobytes
_SLOW_BYTES = 64 * 1024  # as much as the loader written in Python may have
_DEEPEST, _MOST_ALIASES = 64, 10


def read_card(files: SmallFiles) -> dict[str, Any]:
    """A card that is no valid YAML, or beyond bounds, tells nothing."""
    # A byte order mark hides the front matter from the reference too, so it is kept here.
    lines = (files.head("README.md", _MOST_BYTES) or b"").decode("utf-8", "replace").splitlines()
    if not lines or lines[0] != "---":
        return {}
    end = lines.index("---", 1) if "---" in lines[1:] else len(lines)
    card = _load("\n".join([*lines[1:end], ""]).replace("- no\n", '- "no"\n').replace("\t", "  "))
    return card if isinstance(card, dict) else {}


def _load(text: str) -> Any:
    import yaml

    fast = getattr(yaml, "CSafeLoader", None)
    for loader in (fast, yaml.SafeLoader):
        if loader is None or (loader is not fast and len(text) > _SLOW_BYTES):
            continue
        try:
            if not _is_bounded(text, loader):
                return None
            return yaml.load(text, Loader=loader)  # one of the two safe loaders
        except (yaml.YAMLError, ValueError, TypeError, RecursionError):
            continue
    return None


def _is_bounded(text: str, loader: Any) -> bool:
    """Goes through the events first: building the values recurses, in C without any limit."""
    import yaml

    depth = aliases = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > _DEEPEST or aliases > _MOST_ALIASES:
            return False
    return True
