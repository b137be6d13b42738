"""How the command line speaks: sentences for people on a terminal, events as JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from .errors import ModelyardError
from .events import Event, Kind, failed
from .host.children import clean_text
from .words.catalogue import catalogue, system_language


class Output:
    """Listens to events. Progress is one line that renews itself on a terminal, and silent elsewhere."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.words = catalogue(system_language())
        self._live = not as_json and sys.stderr.isatty()
        self._open_line = False
        self._last = 0.0
        self._step = ""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def __call__(self, event: Event) -> None:
        if self.as_json:
            self.record(event.to_json())
            return
        match event.kind:
            case Kind.STEP_STARTED:
                self._say_step(str(event.fields["step"]))
            case Kind.PROGRESS:
                self._say_progress(event.fields)
            case Kind.WARNING:
                self.line("! " + self.words.warning(str(event.fields["code"]), event.fields["fields"]))
            case Kind.TEXT:
                sys.stdout.write(clean_text(str(event.fields.get("text", ""))))
                sys.stdout.flush()
            case _:
                pass

    def record(self, record: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(record) + "\n")  # ASCII: no character in it that some reader takes for a line end
        sys.stdout.flush()

    def line(self, text: str = "") -> None:
        """One line for people (nothing with --json). What a file says of itself may hold orders to the terminal."""
        if self.as_json:
            return
        self._close_line()
        sys.stdout.write(clean_text(text) + "\n")
        sys.stdout.flush()

    def done(self, result: Mapping[str, Any]) -> None:
        if self.as_json:
            self.record({"event": "done", **result, "result": dict(result)})
        self._close_line()

    def failed(self, error: ModelyardError) -> None:
        text = clean_text(self.words.error_line(error))
        if self.as_json:
            self.record(failed(error).to_json() | {"message": text})
            return
        self._close_line()
        sys.stderr.write(text + "\n")

    def cancelled(self) -> None:
        if self.as_json:
            self.record({"event": "cancelled"})
        self._close_line()

    def _say_step(self, step: str) -> None:
        self._step = self.words.step(step)
        self._close_line()
        sys.stderr.write(f"{self._step} …\n")

    def _say_progress(self, fields: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if not self._live or now - self._last < 0.1 or fields.get("unit") != "bytes":
            return
        self._last = now
        done, total = int(fields["done"]), int(fields["total"])
        share = f"{100 * done / total:3.0f} %  " if total else ""
        amounts = self.words.amount(done) + (f" / {self.words.amount(total)}" if total else "")
        sys.stderr.write(f"\r\x1b[K  {share}{amounts}")
        sys.stderr.flush()
        self._open_line = True

    def _close_line(self) -> None:
        if self._open_line:
            sys.stderr.write("\r\x1b[K")
            self._open_line = False
        sys.stderr.flush()
