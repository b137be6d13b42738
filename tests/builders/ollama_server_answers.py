"""How the test server's handler answers: whole JSON, or a stream of lines that a fault may cut."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from tests.builders.ollama_server_create import LineError

if TYPE_CHECKING:
    from tests.builders.ollama_server import OllamaServer


class AnsweringHandler(BaseHTTPRequestHandler):
    twin: OllamaServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.twin.connections.add(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.twin.connections.discard(self.connection)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def json(self, record: Any, status: int = 200) -> None:
        self.send(status, json.dumps(record, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def send(self, status: int, data: bytes, kind: str) -> None:
        if self.command == "POST" and status >= 400:
            self.close_connection = True  # the body may not have been read
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self, records: Iterator[dict[str, Any]], body: Any, cut_after: int | None, goes_on: bool) -> None:
        """Lines as NDJSON, or the last one alone. `goes_on`: without its client, as a create of 0.34 does."""
        whole = body.get("stream") is False
        sent: list[dict[str, Any]] = []
        gone = False
        try:
            for record in records:
                if cut_after is not None and len(sent) >= cut_after and not gone:
                    gone = True
                    self.twin.cut_create_after = self.twin.cut_chat_after = None
                    self.hang_up()
                if gone and not (goes_on and self.twin.generation != "0.33"):
                    return None
                if not whole and not gone:
                    gone = not self._line(record, first=not sent)
                    if gone and not goes_on:
                        return None
                sent.append(record)
        except LineError as error:
            if sent and not whole:
                return self._end_stream({"error": str(error)}) if not gone else None
            status = error.first_status if not sent else 500
            return self.json({"error": str(error)}, status)
        if gone:
            return None
        return self.json(sent[-1]) if whole else self._end_stream(None)

    def _line(self, record: dict[str, Any], first: bool) -> bool:
        try:
            if first:
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
            self._chunk(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        except OSError:
            return False
        return True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _end_stream(self, last: dict[str, Any] | None) -> None:
        with contextlib.suppress(OSError):
            if last is not None:
                self._chunk(json.dumps(last).encode() + b"\n")
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
