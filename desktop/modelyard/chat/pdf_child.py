"""The child process that reads the text out of one PDF: bounded in pages, characters and memory."""

from __future__ import annotations

import logging
import sys

from ..host.channel import Channel

LOCKED = "locked"  # as an error: it needs a password
_MOST_PAGES = 3_000
_MOST_CHARACTERS = 2_000_000
_MOST_MEMORY = 2 << 30  # bytes


def main(arguments: list[str]) -> int:
    """Sends {"text", "pages"} or {"error"}."""
    channel = Channel()
    _limit_memory()
    logging.disable(logging.CRITICAL)  # pypdf complains about every small fault
    try:
        channel.send(read_pdf(arguments[0]))
    except Exception as error:  # whatever a damaged file provokes
        channel.send({"error": type(error).__name__})
    return 0


def read_pdf(path: str) -> dict[str, str | int]:
    """Raises what pypdf raises."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(path)
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            return {"error": LOCKED}
    except DependencyError:  # a cipher that pypdf has no part for
        return {"error": LOCKED}
    parts: list[str] = []
    size = 0
    for page in reader.pages[:_MOST_PAGES]:
        text = page.extract_text().strip()
        size += len(text)
        parts.append(text)
        if size > _MOST_CHARACTERS:
            break
    return {"text": "\n\n".join(part for part in parts if part)[:_MOST_CHARACTERS], "pages": len(parts)}


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
