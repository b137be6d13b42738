"""Formulas in Markdown: $…$ and \\(…\\) inside a line, $$…$$ and \\[…\\] as a block. Rules for markdown-it."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_LONGEST = 3_000  # characters; longer ones stay text
_ENDS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}


def use_math(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("escape", "math_inline", _inline)
    parser.block.ruler.before("fence", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    two = source[start : start + 2]
    if two in _ENDS:
        end = source.find(_ENDS[two], start + 2, start + _LONGEST)
        return end > start + 2 and _take(state, start + 2, end, end + 2, silent, display=two != "\\(")
    if source[start] != "$":
        return False
    end = _closing_dollar(source, start + 1)
    return end > 0 and _take(state, start + 1, end, end + 1, silent, display=False)


def _closing_dollar(source: str, start: int) -> int:
    """As pandoc has it, so that prices stay prices: no space inside the dollars, no digit behind them. 0 = none."""
    if start >= len(source) or source[start].isspace():
        return 0
    limit = min(len(source), start + _LONGEST)
    newline = source.find("\n\n", start, limit)
    end = source.find("$", start, newline if newline > 0 else limit)
    while end > 0 and source[end - 1] == "\\":
        end = source.find("$", end + 1, limit)
    if end <= start or source[end - 1].isspace() or source[end + 1 : end + 2].isdigit():
        return 0
    return end


def _take(state: StateInline, first: int, last: int, behind: int, silent: bool, *, display: bool) -> bool:
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = state.src[first:last].strip()
        token.markup = "$$" if display else "$"
    state.pos = behind
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """An opening mark at the start of a line, the closing one at the end of this or a later line."""
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    mark = first[:2]
    if mark not in ("$$", "\\["):
        return False
    closing = _ENDS[mark]
    lines, size, line = [first[2:]], 0, start
    while not lines[-1].rstrip().endswith(closing):
        line += 1
        if line >= end or size > _LONGEST:
            return False
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
        lines.append(text)
        size += len(text)
    latex = "\n".join(lines).rstrip().removesuffix(closing).strip()
    if not latex or closing in latex:
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content = latex
        token.map = [start, line + 1]
    state.line = line + 1
    return True
