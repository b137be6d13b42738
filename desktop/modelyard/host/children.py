"""Child processes: started without a console window, in a group of their own, spoken to in JSON lines, ended with a
grace time and then killed. Text that comes from a child is cleaned before anybody sees it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from .redact import redact

_OUR_LIBRARIES = "MODELYARD_LIBRARIES"  # set by packaging/start.py
_SECRET_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OLLAMA_API_KEY")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_LIMIT = 64 << 20
_TAIL_LINES = 60


def self_command(*arguments: str) -> list[str]:
    """The command that starts this program again, frozen or not."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-X", "utf8", "-P", "-m", "modelyard", *arguments]


def clean_environment() -> dict[str, str]:
    """This process's environment without secrets. A child that needs one gets it over its pipe."""
    environment = {key: value for key, value in os.environ.items() if key not in _SECRET_VARIABLES}
    environment["PYTHONIOENCODING"] = "utf-8"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def own_environment() -> dict[str, str]:
    """clean_environment for this program itself, which finds its libraries by it where it is frozen."""
    ours = os.environ.get(_OUR_LIBRARIES)
    return clean_environment() | ({"LD_LIBRARY_PATH": ours} if ours else {})


def clean_text(text: str) -> str:
    """A stranger's words (a child's, a file's) without control characters, escapes and secrets."""
    return redact(_CONTROL.sub("", text))


def start_process(
    command: Sequence[str], extra: Mapping[str, str] | None = None, **pipes: Any
) -> subprocess.Popen[bytes]:
    """Starts a process in a group of its own, without a console window; `extra` goes into its environment. Raises
    OSError."""
    environment = own_environment() if command[0] == sys.executable else clean_environment()
    options: dict[str, Any] = {"env": environment | dict(extra or {}), **pipes}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    return subprocess.Popen(list(command), **options)


def end_process(process: subprocess.Popen[bytes], grace: float = 2.0) -> None:
    """Asks, waits `grace` seconds, kills the whole group. Never raises, never waits for ever."""
    if process.poll() is None:
        _signal(process, hard=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    if process.poll() is None:
        _signal(process, hard=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5.0)


def let_go(process: subprocess.Popen[bytes]) -> None:
    """For a process that nobody waits for: when it ends, it leaves no entry behind (on POSIX, a zombie)."""
    threading.Thread(target=process.wait, name="let-go", daemon=True).start()


def _signal(process: subprocess.Popen[bytes], *, hard: bool) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill() if hard else process.terminate()
        else:
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)


class Child:
    """A child of ours that reads and writes JSON lines.

    `messages()` yields its records until it ends; `send()` writes one; `tail` holds its last lines of stderr.
    The child ends by itself when this end of its stdin closes (see host/channel.py).
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Raises OSError if the program cannot be started."""
        self.process = start_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._lock = threading.Lock()
        assert self.process.stderr is not None
        self._drain = threading.Thread(target=self._keep_tail, args=(self.process.stderr,), name="child-stderr")
        self._drain.daemon = True
        self._drain.start()

    def _keep_tail(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in iter(lambda: stream.readline(4096), b""):
                self._tail.append(clean_text(line.decode("utf-8", "replace")).rstrip())

    @property
    def tail(self) -> str:
        return "\n".join(line for line in self._tail if line)

    def last_words(self, seconds: float = 2.0) -> str:
        """The tail of a child that has ended: waits until all of its stderr has arrived."""
        self._drain.join(seconds)
        return self.tail

    def send(self, record: Mapping[str, Any]) -> bool:
        """Returns False if the child no longer listens."""
        data = json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n"
        try:
            with self._lock:
                assert self.process.stdin is not None
                self.process.stdin.write(data)
                self.process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def messages(self) -> Iterator[dict[str, Any]]:
        """Its records in order; lines that are not JSON objects are kept with the stderr tail."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline(_LINE_LIMIT):
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield record
            else:
                self._tail.append(clean_text(line[:500].decode("utf-8", "replace")).rstrip())

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit status, or None if it still runs after `seconds`."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self, grace: float = 2.0) -> None:
        """Closes its stdin, then grace, then kill; frees the pipes."""
        with contextlib.suppress(OSError, ValueError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        if self.wait(grace) is None:
            end_process(self.process, grace=0.3)
        self._drain.join(2.0)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
