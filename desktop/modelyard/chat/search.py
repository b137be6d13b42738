"""Full-text search over all messages, in any script.

The index holds trigrams without their places (small, and quick to write): it names candidates, and each is then
looked at. A word of one or two characters, common in Chinese, has no trigram; the trigrams that begin with it are
taken from the index's own list. Only a single character that begins very many trigrams is looked for by LIKE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Code, ModelyardError
from .database import Database, Row
from .records import role_of
from .values import SearchHit, clean

MAX_QUERY = 200
_MAX_TRIGRAMS = 16  # of one word: more would not find less
_MAX_BEGINNINGS = 300
_BATCH = 100
_MAX_CANDIDATES = 20_000
_BEFORE, _AFTER = 40, 120  # characters of a snippet around its first word


def search(database: Database, query: str, limit: int = 50, conversation: int | None = None) -> list[SearchHit]:
    """Messages that contain all words of the query (divided by spaces; "in quotes" keeps them together), upper and
    lower case alike, the newest first. Raises CHAT_STORE_DAMAGED."""
    words = words_of(query)
    if not words:
        return []
    patterns = [re.compile(re.escape(word), re.IGNORECASE) for word in words]
    try:
        return _search(database, words, patterns, limit, conversation)
    except ModelyardError as error:
        if error.code is not Code.CHAT_STORE_DAMAGED:
            raise
        # The index can be made anew from the messages; if they are damaged too, this raises again.
        database.run("INSERT INTO message_index (message_index) VALUES ('rebuild')")
        return _search(database, words, patterns, limit, conversation)


def words_of(query: str) -> list[str]:
    found = re.findall(r'"([^"]+)"|(\S+)', clean(query)[:MAX_QUERY])
    words = [(quoted or bare).strip().strip('"') for quoted, bare in found]
    return list(dict.fromkeys(word for word in words if word))


def _search(
    database: Database, words: list[str], patterns: list[re.Pattern[str]], limit: int, conversation: int | None
) -> list[SearchHit]:
    hits: list[SearchHit] = []
    for row in _candidates(database, words, conversation):
        matches = [pattern.search(row["content"]) for pattern in patterns]
        found = [match for match in matches if match is not None]
        if len(found) == len(matches):
            hits.append(_hit(row, min(found, key=lambda match: match.start())))
            if len(hits) == limit:
                break
    return hits


def _candidates(database: Database, words: list[str], conversation: int | None) -> Iterator[Row]:
    """Messages that may contain all words, the newest first, fetched in small batches."""
    matches = [_match(database, word) for word in words]
    if "" in matches:  # a word that is nowhere
        return
    indexed = " AND ".join(match for match in matches if match is not None)
    place = "message_index.rowid" if indexed else "message.id"
    conditions = [f"{place} < :before"]
    fixed: dict[str, int | str] = {"batch": _BATCH, "match": indexed}
    source = "message"
    if indexed:
        source = "message_index CROSS JOIN message ON message.id = message_index.rowid"
        conditions.append("message_index MATCH :match")
    for number, (word, match) in enumerate(zip(words, matches, strict=True)):
        if match is None or (len(word) >= 3 and _like_is_exact(word)):
            conditions.append(f"message.content LIKE :word{number} ESCAPE '\\'")
            fixed[f"word{number}"] = _like(word)
    if conversation is not None:
        conditions.append("message.conversation = :conversation")
        fixed["conversation"] = conversation
    sql = (
        "SELECT message.id, message.conversation, message.role, message.created, message.content, conversation.title"
        f" FROM {source} CROSS JOIN conversation ON conversation.id = message.conversation"
        f" WHERE {' AND '.join(conditions)} ORDER BY {place} DESC LIMIT :batch"
    )
    before = 2**62
    for _ in range(0, _MAX_CANDIDATES, _BATCH):
        rows = database.rows(sql, {**fixed, "before": before})
        yield from rows
        if len(rows) < _BATCH:
            return
        before = rows[-1]["id"]


def _match(database: Database, word: str) -> str | None:
    """The FTS5 expression for a word: "" if it is certainly nowhere, None if the index does not help."""
    word = word.lower()
    if len(word) >= 3:
        trigrams = list(dict.fromkeys(word[at : at + 3] for at in range(len(word) - 2)))
        return " AND ".join(_quoted(trigram) for trigram in trigrams[:_MAX_TRIGRAMS])
    rows = database.rows(
        "SELECT term FROM message_trigrams WHERE term >= ? AND term < ? LIMIT ?",
        (word, word + "\U0010ffff", _MAX_BEGINNINGS + 1),
    )
    if len(rows) > _MAX_BEGINNINGS:
        return None
    beginnings = " OR ".join(_quoted(row["term"]) for row in rows)
    return f"({beginnings})" if beginnings else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _like_is_exact(word: str) -> bool:
    """LIKE knows upper and lower case of ASCII only. Where that is enough, SQLite sorts out the candidates that have
    all trigrams of a word but not the word, much faster than we could."""
    return word.isascii() or word.lower() == word.upper()


def _like(word: str) -> str:
    return "%" + re.sub(r"([%_\\])", r"\\\1", word) + "%"


def _hit(row: Row, match: re.Match[str]) -> SearchHit:
    """A snippet of one line around the word."""
    content = row["content"]
    start, end = match.span()
    first = max(0, start - _BEFORE)
    last = min(len(content), max(end, start + _AFTER))
    left = ("…" if first else "") + _one_line(content[first:start])
    middle = _one_line(content[start:end])
    right = _one_line(content[end:last]) + ("…" if last < len(content) else "")
    return SearchHit(
        conversation=row["conversation"],
        title=row["title"],
        message=row["id"],
        role=role_of(row["role"]),
        snippet=left + middle + right,
        start=len(left),
        end=len(left) + len(middle),
        created=row["created"],
    )


def _one_line(text: str) -> str:
    """White space of any kind as a space each, so that places stay the same."""
    return re.sub(r"\s", " ", text)
