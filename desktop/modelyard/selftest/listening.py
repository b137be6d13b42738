"""The self-test's own process: starts the one that does the checks, tells what that one says, and is not content with
anything else: a word of a library, an end in the middle."""

from __future__ import annotations

from collections.abc import Sequence

from .. import __version__
from ..host.children import Child, self_command

_END_SECONDS = 30.0


def main() -> int:
    """Exit status 0 if every check passed and nothing else was said."""
    _say(f"Modelyard {__version__} self-test")
    failed = listen(self_command("selftest"))
    _say(f"{failed} failed" if failed else "all good")
    return 1 if failed else 0


def listen(command: Sequence[str]) -> int:
    """Runs the checks that `command` does and prints a line for each; returns how many did not pass. A record is
    {"check": its name}, then {"check": its name, "ok": what it found} or {…, "failed": why}."""
    child = Child(command)
    failed, under_way = 0, "start"
    for record in child.messages():
        name = str(record["check"])
        if "ok" in record:
            _say(f"ok {name}: {record['ok']}")
        elif "failed" in record:
            failed += 1
            _say(f"FAILED {name}: {record['failed']}")
        under_way = "end" if "ok" in record or "failed" in record else name
    status = child.wait(_END_SECONDS)
    strange = child.last_words()
    child.end()
    if status != 0 and not (status == 1 and failed and under_way == "end"):
        failed += 1
        _say(f"FAILED {under_way}: it ended with {status}")
    if strange:
        failed += 1
        _say(f"FAILED silence: something else was said:\n{strange}")
    return failed


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its output is what the build listens to
