"""Colours for code: Pygments finds the kinds of words, the tokens of the design give them colours."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

_MOST_CHARACTERS = 40_000
_KINDS = (
    ("Token.Comment", "code_comment"),
    ("Token.Keyword", "code_keyword"),
    ("Token.Operator.Word", "code_keyword"),
    ("Token.Literal.String", "code_string"),
    ("Token.Literal.Number", "code_number"),
    ("Token.Name.Function", "code_name"),
    ("Token.Name.Class", "code_name"),
    ("Token.Name.Builtin", "code_name"),
    ("Token.Name.Tag", "code_keyword"),
    ("Token.Name.Attribute", "code_name"),
    ("Token.Name.Decorator", "code_number"),
)


def coloured_spans(code: str, language: str) -> Iterator[tuple[int, int, str]]:
    """(start, length, colour token) of the words that are not plain text. Nothing for unknown languages."""
    if not code or not language or len(code) > _MOST_CHARACTERS:
        return
    lexer = _lexer(language.strip().lower())
    if lexer is None:
        return
    position = 0
    for kind, value in lexer.get_tokens(code):
        colour = _colour_of(str(kind))
        if colour:
            yield position, len(value), colour
        position += len(value)


def warm_up() -> None:
    """Loads what the first code block would otherwise wait for. For a background thread."""
    list(coloured_spans("def f(): return 'x'  # y", "python"))


@functools.cache
def _lexer(language: str) -> Any:
    """Not by get_lexer_by_name: for a name it does not know (half of one, while an answer grows) that looks through
    everything that is installed."""
    from pygments.lexers import find_lexer_class

    name = _aliases().get(language)
    found = find_lexer_class(name) if name else None
    return found(stripnl=False, ensurenl=False) if found is not None else None


@functools.cache
def _aliases() -> dict[str, str]:
    from pygments.lexers._mapping import LEXERS

    return {alias.lower(): entry[1] for entry in LEXERS.values() for alias in entry[2]}


@functools.cache
def _colour_of(kind: str) -> str:
    return next((colour for start, colour in _KINDS if kind.startswith(start)), "")
