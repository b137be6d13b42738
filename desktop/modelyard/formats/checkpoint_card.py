"""The few lines between `---` at the top of a model card, read without a YAML library: one key is all we need here."""

from __future__ import annotations

_MAX_LINES = 400


def front_matter_lines(card: str) -> list[str]:
    """The lines between the two `---` at the very top; none if there is no front matter."""
    lines = card.lstrip("\ufeff").splitlines()[:_MAX_LINES]
    if not lines or lines[0].strip() != "---":
        return []
    for at, line in enumerate(lines[1:], start=1):
        if line.strip() == "---":
            return lines[1:at]
    return []


def base_model_of_card(card: str) -> str | None:
    """The first `base_model` of a model card, as a plain value or the first of a list."""
    lines = front_matter_lines(card)
    for at, line in enumerate(lines):
        key, colon, value = line.partition(":")
        if key != "base_model" or not colon:
            continue
        value = value.strip()
        if not value and at + 1 < len(lines) and lines[at + 1].lstrip().startswith("- "):
            value = lines[at + 1].lstrip()[2:].strip()
        return value.strip("[]").split(",")[0].strip().strip("\"'") or None
    return None
