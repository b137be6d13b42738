"""Cutting a growing Markdown text into what is finished and what may still change. No Qt here."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


def finished_length(text: str) -> int:
    """How many characters from the start can be rendered for good.

    The cut lies after a blank line, outside of code fences, where the next line begins a new block: it is there, and
    it is neither indented (it could continue a list) nor a list item or quote (Qt would start a new list).
    """
    cut = position = 0
    fence = ""
    blank_before = False
    for line in text.splitlines(keepends=True):
        whole = line.endswith("\n")
        bare = line.rstrip("\r\n")
        if not fence and blank_before and bare and _begins_anew(bare):
            cut = position
        fence = _fence_after(fence, bare) if whole else fence
        blank_before = not bare.strip() and not fence
        position += len(line)
    return cut


def _begins_anew(line: str) -> bool:
    return not line.startswith((" ", "\t", "-", "*", "+", ">", "|")) and not line[0].isdigit()


def _fence_after(fence: str, line: str) -> str:
    """The fence that is open after `line`; "" if none."""
    match = _FENCE.match(line)
    if match is None:
        return fence
    mark, rest = match.groups()
    if not fence:
        return "" if mark[0] == "`" and "`" in rest else mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not rest.strip()
    return "" if closes else fence
