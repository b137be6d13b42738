"""Modelfile text to nodes, nothing lost: the text of the nodes put together is the text that was read.

The rules are those of Ollama's own reader (a state machine over single characters, see ../shared/facts/ollama.md §1.1),
said here line by line because each decision of that machine falls at a line end. Unlike Ollama this scanner goes on
after a mistake, so that an editor can underline every one; `syntax.parse` stops at the first as Ollama does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .printable import clean

KEYWORDS = (
    "from",
    "license",
    "template",
    "system",
    "adapter",
    "draft",
    "renderer",
    "parser",
    "parameter",
    "message",
    "requires",
)
ROLES = ("system", "user", "assistant")


class NodeKind(StrEnum):
    BLANK = "blank"
    COMMENT = "comment"
    COMMAND = "command"
    BROKEN = "broken"


class ProblemKind(StrEnum):
    """The vocabulary of Ollama's reader."""

    MISSING_FROM = "missing_from"
    INVALID_COMMAND = "invalid_command"
    INVALID_MESSAGE_ROLE = "invalid_message_role"
    UNEXPECTED_EOF = "unexpected_eof"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a node. `end`: how much of the node's text Ollama had read when it noticed.
    `word`: the command word, role or parameter name it stumbled over; None when the text ended first."""

    kind: ProblemKind
    end: int
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A stretch of whole lines: blank lines, one comment, or one command with all lines of its value.

    `keyword` is the command word in lower case, `word` the parameter's name or the role. `start`:`stop` is where the
    value stands in `text`, with its quotes and without outer white space.
    """

    kind: NodeKind
    text: str
    keyword: str = ""
    word: str = ""
    start: int = 0
    stop: int = 0
    problem: Problem | None = None

    @property
    def name(self) -> str:
        """The command's name as Ollama stores it: FROM is named "model", a PARAMETER by its parameter."""
        match self.keyword:
            case "from":
                return "model"
            case "parameter":
                return self.word
            case keyword:
                return keyword

    @property
    def value(self) -> str:
        """The value as Ollama reads it. Made anew each time: values may be megabytes."""
        return unquote(clean(self.text[self.start : self.stop]).strip(_SPACE))

    @property
    def args(self) -> str:
        """The value as Ollama stores it: that of a MESSAGE is "role: content"."""
        return f"{self.word}: {self.value}" if self.keyword == "message" else self.value


_BLANK = re.compile(r"(?:[ \t]*+[\r\n])++|[ \t]++\Z")
_COMMENT = re.compile(r"[ \t]*+#[^\r\n]*+(?:\r\n|\r|\n)?")
_WORD = re.compile(r"[ \t]*+([^ \t\r\n][A-Za-z]*+)")
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_]*+")
_ROLE = re.compile(r"[A-Za-z]*+")
_LINE = re.compile(r"[^\r\n]*+")
_REST = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)?")
_LINE_END = re.compile(r"(?:\r\n|\r|\n)?")
# A quote after which nothing that everybody would call text stands on its line.
_LAST_QUOTE = re.compile(r'"[^"\x21\x23-\x7e\r\n]*+(?=[\r\n]|\Z)')
_SPACE = " \t\r\n"


def scan(text: str, position: int = 0) -> Iterator[Node]:
    """The nodes of `text` from `position` (a node's beginning) on."""
    while position < len(text):
        node = _node_at(text, position)
        yield node
        position += len(node.text)


def _node_at(text: str, position: int) -> Node:
    if match := _BLANK.match(text, position):
        return Node(NodeKind.BLANK, match.group())
    if match := _COMMENT.match(text, position):
        return Node(NodeKind.COMMENT, match.group())
    return _command_at(text, position)


def _command_at(text: str, position: int) -> Node:
    match = _WORD.match(text, position)
    assert match is not None  # a line that is neither blank nor a comment has a first character
    word, after = clean(match.group(1)), match.end()
    if after == len(text):
        return _broken(text, position, after, ProblemKind.UNEXPECTED_EOF, None)
    keyword = word.lower()
    if text[after] not in " \t" or keyword not in KEYWORDS:
        return _broken(text, position, after + 1, ProblemKind.INVALID_COMMAND, word)
    if keyword == "parameter":
        return _named_at(text, position, after + 1, keyword, _PARAMETER_NAME)
    if keyword == "message":
        return _named_at(text, position, after + 1, keyword, _ROLE)
    return _value_at(text, position, after + 1, keyword)


def _named_at(text: str, position: int, start: int, keyword: str, pattern: re.Pattern[str]) -> Node:
    """A PARAMETER or MESSAGE: a name, one space or tab, then the value."""
    match = pattern.match(text, start)
    assert match is not None  # both patterns match nothing, too
    name, after = match.group(), match.end()
    if after == len(text):
        return _broken(text, position, after, ProblemKind.UNEXPECTED_EOF, None, keyword)
    if text[after] not in " \t":
        return _broken(text, position, after + 1, ProblemKind.UNEXPECTED_EOF, name, keyword)
    if keyword == "message" and name not in ROLES:
        return _broken(text, position, after + 1, ProblemKind.INVALID_MESSAGE_ROLE, name, keyword)
    return _value_at(text, position, after + 1, keyword, name)


def _value_at(text: str, position: int, start: int, keyword: str, word: str = "") -> Node:
    end = _value_end(text, start)
    if end is None:
        return Node(
            NodeKind.BROKEN,
            text[position:],
            keyword,
            word,
            start=start - position,
            stop=len(text) - position,
            problem=Problem(ProblemKind.UNEXPECTED_EOF, len(text) - position),
        )
    line_end = _LINE_END.match(text, end)
    assert line_end is not None  # matches nothing, too
    first, last = start, end
    while first < last and text[first] in _SPACE:
        first += 1
    while last > first and text[last - 1] in _SPACE:
        last -= 1
    whole = text[position : line_end.end()]
    return Node(NodeKind.COMMAND, whole, keyword, word, first - position, last - position)


def _value_end(text: str, start: int) -> int | None:
    """Where the value that begins at `start` ends (before its line end), None if its quote is never closed."""
    match = _LINE.match(text, start)
    assert match is not None  # matches nothing, too
    if text.find('"', start, match.end()) < 0:
        return match.end()
    first = clean(match.group()).strip(_SPACE)
    quote = '"""' if first.startswith('"""') else '"' if first.startswith('"') else ""
    if len(first) >= 2 * len(quote) and first.endswith(quote):
        return match.end()
    for last in _LAST_QUOTE.finditer(text, match.end()):
        line = max(text.rfind("\n", start, last.start()), text.rfind("\r", start, last.start())) + 1
        if clean(text[line : last.end()]).rstrip(_SPACE).endswith(quote):
            return last.end()
    return None


def unquote(value: str) -> str:
    """The inside of a complete value (no escapes exist)."""
    for quote in ('"""', '"'):
        if value.startswith(quote):
            return value[len(quote) : len(value) - len(quote)]
    return value


def _broken(text: str, position: int, end: int, kind: ProblemKind, word: str | None, keyword: str = "") -> Node:
    """A node that ends with the line of the mistake. `end`: what Ollama had read when it noticed."""
    if text[end - 1] in "\r\n":
        stop = end + 1 if text[end - 1 : end + 1] == "\r\n" else end
    else:
        rest = _REST.match(text, end)
        assert rest is not None  # matches nothing, too
        stop = rest.end()
    return Node(NodeKind.BROKEN, text[position:stop], keyword, problem=Problem(kind, end - position, word))
