"""Figures for people: parameter counts, pages a model remembers, speeds."""

from __future__ import annotations

from ..words.catalogue import Catalogue

_TOKENS_A_PAGE = 500  # a printed page of running text, English or Chinese


def parameter_count(count: int | None) -> str:
    """135000000 → "135 M", 7600000000 → "7.6 B"; empty when unknown."""
    if not count:
        return ""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.3g} B"
    return f"{count / 1e6:.3g} M"


def pages(words: Catalogue, tokens: int | None) -> str:
    """How much text fits into `tokens`: "about 16 pages"; empty when unknown."""
    if not tokens:
        return ""
    count = max(1, round(tokens / _TOKENS_A_PAGE))
    return words.label("units", "page" if count == 1 else "pages").format(n=f"{count:,}")


def joined(*parts: str) -> str:
    """The parts that are not empty, with a middle dot between them."""
    return " · ".join(part for part in parts if part)
