"""Markdown (GitHub's kind) into blocks. HTML is text, pictures are links, only web and mail addresses lead anywhere.

Whatever would take long stays plain text: very long lines, very many marks, very large tables.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as table_rule
from markdown_it.token import Token

from .math_rules import use_math
from .values import Block, Code, Formula, Place, Rule, Span, Spans, Table, Text
from .visible import pieces, visible

LONGEST_INLINE = 6_000  # characters of one paragraph that are searched for marks
_MOST_MARKS = 800  # in one paragraph
_MOST_ROWS = 200
_MOST_COLUMNS = 60
_MOST_CELLS = 1_200
_MARKS = re.compile(r"[*_`\[\]<>~$\\!&|]")
_MARKDOWN = re.compile(r"[*_`\[\]<>~$\\&|#=]|^ *(?:[-+]|\d+[.)])|^(?: {4}|\t)", re.M)
_SCHEME = re.compile(r"(?:https?|mailto):", re.I)
_TASK = re.compile(r"\[([ xX])\] ")


@dataclass(frozen=True)
class Parsed:
    """`open_line`: the line where the last top-level block begins; what stands before can no longer change."""

    blocks: tuple[Block, ...]
    open_line: int = 0


def parse(text: str) -> Parsed:
    """Takes about 5 µs for each character of Markdown, much less for plain text."""
    shown = visible(text).expandtabs(4)
    if not _MARKDOWN.search(shown):
        return _plain(shown)
    tokens = _parser().parse(shown)
    tops = [token.map[0] for token in tokens if token.level == 0 and token.map and token.nesting >= 0]
    blocks = tuple(_Walk(tokens).blocks())
    if not blocks and len(shown) > 200:  # marks and nothing else
        return Parsed(plain_blocks(shown))
    return Parsed(blocks, tops[-1] if tops else 0)


def plain_blocks(text: str, first: int = 0) -> tuple[Block, ...]:
    """Text as it is, in paragraphs that are laid out quickly."""
    place = Place(first=first, last=first + text.count("\n") + 1)
    return tuple(Text((Span(piece),), place, tight=True) for piece in pieces(visible(text)))


def _plain(text: str) -> Parsed:
    """Paragraphs without any mark: the parser would find no more in them."""
    blocks: list[Block] = []
    line = open_line = 0
    for paragraph in re.split(r"(\n[ \n]*\n|\n)", text):
        if paragraph.strip():
            open_line = line if not blocks or blocks[-1].place.last < line else open_line
            if blocks and blocks[-1].place.last == line and isinstance(blocks[-1], Text):
                joined = Span(blocks[-1].spans[0].text + "\n" + paragraph.strip())
                blocks[-1] = replace(blocks[-1], spans=(joined,), place=replace(blocks[-1].place, last=line + 1))
            else:
                blocks.append(Text((Span(paragraph.strip()),), Place(first=line, last=line + 1)))
        line += paragraph.count("\n")
    return Parsed(tuple(piece for block in blocks for piece in _cut(block)), open_line)


def _cut(block: Block) -> Iterator[Block]:
    if isinstance(block, Text) and len(block.spans[0].text) > LONGEST_INLINE:
        yield from (replace(block, spans=(Span(piece),), tight=True) for piece in pieces(block.spans[0].text))
    else:
        yield block


@functools.cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 24})
    made.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    made.block.ruler.at("table", _small_table, {"alt": ["paragraph", "reference"]})
    use_math(made)
    made.inline.ruler.before("text", "long_text", _long_text)
    return made


def _small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Tables with very many rows or columns stay text: they would be slow to read and to draw."""
    if state.src.count("|", state.bMarks[start], state.eMarks[start]) > _MOST_COLUMNS + 1:
        return False
    last = start + _MOST_ROWS
    if last < end and "|" in state.src[state.bMarks[last] : state.eMarks[last]]:
        return False
    return table_rule(state, start, end, silent)


def _long_text(state: object, silent: bool) -> bool:
    """At the start of a paragraph that is too long or too full of marks: takes all of it as text."""
    source: str = state.src  # type: ignore[attr-defined]
    if state.pos != 0 or silent or len(source) < _MOST_MARKS:  # type: ignore[attr-defined]
        return False
    if len(source) <= LONGEST_INLINE and len(_MARKS.findall(source)) <= _MOST_MARKS:
        return False
    state.pending += source  # type: ignore[attr-defined]
    state.pos = len(source)  # type: ignore[attr-defined]
    return True


class _Walk:
    """Turns the parser's tokens into flat blocks."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._quote = 0
        self._lists: list[bool] = []  # ordered?
        self._marker = ""
        self._heading = 0
        self._item: Token | None = None

    def blocks(self) -> Iterator[Block]:
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            match token.type:
                case "blockquote_open" | "blockquote_close":
                    self._quote += token.nesting
                case "bullet_list_open" | "ordered_list_open":
                    self._lists.append(token.type == "ordered_list_open")
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                    self._marker = ""
                case "list_item_open":
                    self._marker = f"{token.info or 1}." if self._lists[-1] else "•"
                    self._item = token
                case "list_item_close":
                    if self._marker and self._item is not None:  # an item without text
                        yield Text((), self._place(self._item), tight=True)
                case "heading_open":
                    self._heading = int(token.tag[1:])
                case "inline":
                    yield from self._text(token)
                case "fence" | "code_block":
                    code = token.content.removesuffix("\n")
                    yield Code(code, token.info.strip().split(" ")[0][:40], self._place(token))
                case "hr":
                    yield Rule(self._place(token))
                case "math_block":
                    yield Formula(token.content, self._place(token))
                case "table_open":
                    at = yield from self._table(at)
            at += 1

    def _place(self, token: Token) -> Place:
        marker, self._marker = self._marker, ""
        first, last = token.map or (0, 0)
        return Place(self._quote, len(self._lists), marker, first, last)

    def _text(self, token: Token) -> Iterator[Block]:
        task = _TASK.match(token.content) if self._marker else None
        if task is not None:
            self._marker = "☐" if task[1] == " " else "☑"
        place = self._place(token)
        heading, self._heading = self._heading, 0
        spans = spans_of(token)
        if task is not None and spans:
            spans = (replace(spans[0], text=spans[0].text[4:]), *spans[1:])
        if len(spans) == 1 and spans[0].math and token.content.startswith(("$$", "\\[")):
            yield Formula(spans[0].text, place)
        elif len(spans) == 1 and len(spans[0].text) > 2_000:
            for piece in pieces(spans[0].text):
                yield Text((Span(piece),), place, tight=True)
                place = replace(place, marker="")
        else:
            yield Text(spans, place, heading, tight=bool(self._lists))

    def _table(self, at: int) -> Iterator[Block]:  # type: ignore[misc]
        """Returns where the table ends. One with too many cells becomes text in even columns."""
        opening = self._tokens[at]
        place = self._place(opening)
        rows: list[list[Spans]] = []
        aligns: list[str] = []
        while self._tokens[at].type != "table_close":
            token = self._tokens[at]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(spans_of(token))
            elif token.type == "th_open":
                aligns.append(str(token.attrs.get("style", "")).rpartition(":")[2])
            at += 1
        if sum(map(len, rows)) > _MOST_CELLS:
            lines = (" | ".join("".join(span.text for span in cell) for cell in row) for row in rows)
            yield Code("\n".join(lines), "", place)
        else:
            yield Table(tuple(map(tuple, rows)), tuple(aligns), place)
        return at


def spans_of(token: Token) -> Spans:
    """The runs of text of an inline token."""
    found: list[Span] = []
    style = Span("")
    for child in token.children or ():
        match child.type:
            case "text":
                found.append(replace(style, text=child.content))
            case "softbreak" | "hardbreak":
                found.append(replace(style, text="\n"))
            case "code_inline":
                found.append(replace(style, text=child.content, code=True))
            case "math_inline":
                found.append(replace(style, text=child.content, math=True))
            case "strong_open" | "strong_close":
                style = replace(style, bold=child.nesting > 0)
            case "em_open" | "em_close":
                style = replace(style, italic=child.nesting > 0)
            case "s_open" | "s_close":
                style = replace(style, strike=child.nesting > 0)
            case "link_open":
                style = replace(style, link=_address(child, "href"))
            case "link_close":
                style = replace(style, link="")
            case "image":
                address = str(child.attrs.get("src", ""))
                words = f"🖼 {child.content or address}"
                found.append(replace(style, text=words, link=style.link or _address(child, "src")))
    return _merged(found)


def _address(token: Token, name: str) -> str:
    address = str(token.attrs.get(name, ""))
    return address if _SCHEME.match(address) else ""


def _merged(spans: Sequence[Span]) -> Spans:
    """Neighbours in the same style as one."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last is not None and not span.math and not last.math and replace(last, text="") == replace(span, text=""):
            found[-1] = replace(last, text=last.text + span.text)
        elif span.text:
            found.append(span)
    return tuple(found)
