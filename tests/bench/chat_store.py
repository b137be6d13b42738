"""Figures of the chat store: python -m tests.bench.chat_store [messages]. Prints one JSON object.

A store of 100,000 messages (one conversation of 10,000, others of 100; half English, half Chinese) is made in a
temporary folder, closed, and opened again.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from modelyard.chat.store import ChatStore
from modelyard.chat.transfer import insert
from modelyard.chat.transfer_values import ConversationRecord, MessageRecord
from modelyard.chat.values import Role

LONG = 10_000
QUERIES = (
    "reinforcement",
    "what is the",
    "强化学习",
    "学习",
    "学",
    "鑫",
    "qz",
    "zebra crossing",
    "a",
    "nowhere to be found",
    '"this with that what all"',  # every trigram is common, the whole is rare
)


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    chance = random.Random(1)
    figures: dict[str, Any] = {"messages": total}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chats.db"
        with ChatStore(path) as store:
            started = time.perf_counter()
            long = insert(store, conversation(chance, min(LONG, total))).id
            for _ in range((total - LONG) // 100):
                insert(store, conversation(chance, 100))
            figures["fill_seconds"] = round(time.perf_counter() - started, 2)
        figures["file_mb"] = round(path.stat().st_size / 1e6, 1)

        figures["open_store_ms"], store = timed(lambda: ChatStore(path))
        with store:
            figures["list_200_ms"], _ = timed(lambda: store.conversations.list(200))
            figures["open_10000_tail_ms"], page = timed(lambda: store.messages.tail(long, 60))
            assert page.total == min(LONG, total) and len(page.messages) == 60
            older: list[float] = []
            while page.first > 0 and len(older) < 100:
                taken, page = timed(lambda before=page.messages[0].id: store.messages.older(before, 60))
                older.append(taken)
            figures["older_page_ms_max"] = max(older)
            figures["jump_to_middle_ms"], _ = timed(lambda: store.messages.window(long, 5000, 60))
            figures["whole_path_ms"], _ = timed(lambda: store.messages.path(long))
            figures["search_ms"] = {query: timed(lambda query=query: store.search(query))[0] for query in QUERIES}
            figures["search_ms_max"] = max(figures["search_ms"].values())
            writer = store.begin_answer(long, seconds=3600)
            pieces: list[float] = []
            for _ in range(24):
                writer.add(prose(chance, 1000))
                pieces.append(timed(writer.save)[0])
            figures["save_1000_characters_ms_median"] = statistics.median(pieces)
            figures["save_1000_characters_ms_max"] = max(pieces)
            figures["finish_24000_characters_ms"], _ = timed(writer.finish)
        figures["memory_mb"] = round(psutil.Process().memory_info().rss / 1e6, 1)
    print(json.dumps(figures, ensure_ascii=False))


def conversation(chance: random.Random, count: int) -> ConversationRecord:
    messages = tuple(
        MessageRecord(
            parent=number - 1 if number else None,
            role=Role.USER if number % 2 == 0 else Role.ASSISTANT,
            content=prose(chance, chance.randint(20, 600)),
        )
        for number in range(count)
    )
    return ConversationRecord("", messages, count - 1)


_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "it",
    "for",
    "on",
    "with",
    "as",
    "are",
    "this",
    "be",
    "what",
    "all",
]
_CHARACTERS = "的一是不了在人有我他这中大来上个国和说们为子学习强化时地得就出要也你对生能而那于着下自之年过发后作里"


def prose(chance: random.Random, characters: int) -> str:
    if chance.random() < 0.5:
        text = "".join(chance.choice(_CHARACTERS) for _ in range(characters // 2))
    else:
        rare = [
            "".join(chance.choice("abcdefghijklmnoprstuvwxy") for _ in range(chance.randint(3, 9))) for _ in range(9)
        ]
        text = " ".join(chance.choice(_WORDS + rare) for _ in range(characters // 4))
    return text + (" reinforcement" if chance.random() < 0.001 else "")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return round((time.perf_counter() - started) * 1000, 2), result


if __name__ == "__main__":
    main()
