"""One Ollama server over HTTP: the official client for the fields it carries, one shared httpx client for the rest.

Every failure leaves here as a ModelyardError. httpx and ollama are imported when first needed: importing `ollama`
builds a client from OLLAMA_HOST and would fail on a value that Ollama itself accepts.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken
from . import answers
from .host_address import Address
from .wire import cancellable, current_wire

if TYPE_CHECKING:
    import httpx
    import ollama

_ANSWER_LIMIT = 256 << 20  # verbose show of a large vocabulary is some 20 MB
_LINE_LIMIT = 64 << 20
CONNECT_SECONDS = 5.0
QUICK_SECONDS = 30.0  # calls that load no model

T = TypeVar("T")
_import_lock = threading.Lock()


def official_module() -> ModuleType:
    """The package `ollama`, imported (once) with an OLLAMA_HOST that cannot make it fail."""
    with _import_lock:
        if "ollama" in sys.modules:
            return sys.modules["ollama"]
        before = os.environ.get("OLLAMA_HOST")
        os.environ["OLLAMA_HOST"] = "127.0.0.1"
        try:
            import ollama
        finally:
            if before is None:
                del os.environ["OLLAMA_HOST"]
            else:
                os.environ["OLLAMA_HOST"] = before
    return ollama


class Connection:
    """Calls to one server. Thread-safe. `close()` ends it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._official: ollama.Client | None = None

    def close(self) -> None:
        with self._lock:
            http, self._http = self._http, None
            official, self._official = self._official, None
        if http is not None:
            http.close()
        if official is not None:
            official.close()  # type: ignore[no-untyped-call]  # the client leaves it untyped

    # --- clients -------------------------------------------------------------------------------------------------

    @property
    def http(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._http is None:
                self._http = httpx.Client(base_url=self.address.base_url, **self._options())
            return self._http

    @property
    def official(self) -> ollama.Client:
        """The official client. Wrap its calls in `errors()`; inside `cancellable()` they end when cancelled."""
        module = official_module()
        with self._lock:
            if self._official is None:
                self._official = module.Client(host=self.address.base_url, **self._options())
            return self._official

    def _options(self) -> dict[str, Any]:
        import httpx

        return {
            # A connection of its own for every request: only so can each be cut alone. On loopback it costs 0.1 ms.
            "limits": httpx.Limits(max_keepalive_connections=0),
            "timeout": httpx.Timeout(None, connect=CONNECT_SECONDS),
            "trust_env": not self.address.is_near,  # a proxy never stands before this machine, nor in its network
            "verify": ssl.create_default_context() if self.address.scheme == "https" else False,
            "event_hooks": {"request": [self._prepare]},
        }

    def _prepare(self, request: httpx.Request) -> None:
        wire = current_wire.get()
        if wire is not None:
            request.extensions["trace"] = wire.trace
        request.headers.pop("authorization", None)
        key = os.environ.get("OLLAMA_API_KEY", "").strip().strip("\"'")
        if key and (request.url.scheme, request.url.host) == ("https", "ollama.com"):  # it is for ollama.com alone
            request.headers["authorization"] = f"Bearer {key}"

    # --- errors --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def errors(self, name: str = "", cancel: CancelToken | None = None) -> Iterator[None]:
        """Turns every failure of either client inside into a coded error, or into Cancelled if that was asked."""
        import httpx

        try:
            yield
        except (ModelyardError, Cancelled):
            raise
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            if cancel is not None:
                cancel.check()
            raise self._unanswered(error) from error
        except (ValueError, TypeError, AttributeError) as error:  # an answer that is not what Ollama sends
            if cancel is not None:
                cancel.check()
            raise ModelyardError(Code.OLLAMA_NOT_OLLAMA, address=self.address.url) from error
        except Exception as error:
            official = sys.modules.get("ollama")  # not imported just to name its errors
            if official is None or not isinstance(error, official.ResponseError):
                raise
            raise answers.coded(str(error.error), status=max(error.status_code, 0), name=name) from error

    def _unanswered(self, error: Exception) -> ModelyardError:
        import httpx

        never_reached = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
        if isinstance(error, (*never_reached, ConnectionError)):
            if self.address.is_local:
                return ModelyardError(Code.OLLAMA_STOPPED, address=self.address.url)
            detail = answers.shown(str(error))
            return ModelyardError(Code.OLLAMA_UNREACHABLE, address=self.address.url, detail=detail)
        return ModelyardError(Code.OLLAMA_LOST, address=self.address.url)

    # --- calls of the official client ------------------------------------------------------------------------------

    def remove(self, name: str) -> None:
        with self.errors(name):
            self.official.delete(name)

    def copy(self, source: str, destination: str) -> None:
        with self.errors(source):
            self.official.copy(source, destination)

    def streamed(
        self, start: Callable[[], Iterator[T]], cancel: CancelToken, name: str = ""
    ) -> Generator[T, None, None]:
        """The parts of one of the official client's streams, ended at once when cancelled. Errors as in `errors`."""
        cancel.check()
        with self.errors(name, cancel), contextlib.closing(cast("Generator[T, None, None]", start())) as parts:
            with cancellable(cancel):  # the request goes out with the first part
                part = next(parts, None)
            while part is not None:
                yield part
                cancel.check()
                part = next(parts, None)

    # --- calls that the official client cannot make ----------------------------------------------------------------

    def get(self, path: str, seconds: float = QUICK_SECONDS) -> dict[str, Any]:
        return dict(self._whole("GET", path, None, "", seconds))

    def post(
        self, path: str, body: Mapping[str, Any], name: str = "", seconds: float = QUICK_SECONDS
    ) -> dict[str, Any]:
        return dict(self._whole("POST", path, body, name, seconds))

    def head(self, path: str) -> int:
        """The status of a HEAD request."""
        with self.errors():
            return int(self.http.head(path, timeout=QUICK_SECONDS).status_code)

    def _whole(self, method: str, path: str, body: Mapping[str, Any] | None, name: str, seconds: float) -> Any:
        with self.errors(name), self.http.stream(method, path, json=body, timeout=seconds) as response:
            data = _bounded(response)
            self.refuse(response, data, name)
            answer = json.loads(data)
            if not isinstance(answer, dict):
                raise ValueError(path)
            return answer

    def lines(
        self, path: str, body: Mapping[str, Any], cancel: CancelToken, name: str = ""
    ) -> Generator[dict[str, Any], None, None]:
        """The objects of a streamed answer. An `error` in the first answer or in any line is raised, coded."""
        cancel.check()
        with self.errors(name, cancel):
            request = self.http.build_request("POST", path, json=body)
            with cancellable(cancel):
                response = self.http.send(request, stream=True)
            with contextlib.closing(response):
                if response.status_code >= 400:
                    self.refuse(response, _bounded(response), name)
                for line in _lines(response):
                    record = json.loads(line)
                    if error := record.get("error"):
                        raise answers.coded(str(error), name=name)
                    yield record
                    cancel.check()

    def refuse(self, response: httpx.Response, data: bytes, name: str = "") -> None:
        """Raises the coded error of an answer whose status says failure."""
        if response.status_code < 400:
            return
        sign_in = ""
        with contextlib.suppress(ValueError):
            record = json.loads(data)
            sign_in = str(record.get("signin_url", "")) if isinstance(record, dict) else ""
        raw = data.decode("utf-8", "replace")
        with contextlib.suppress(ValueError):
            record = json.loads(raw)
            if isinstance(record, dict) and isinstance(record.get("error"), str):
                raw = record["error"]
        raise answers.coded(raw, status=response.status_code, name=name, sign_in=sign_in)


def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    for block in response.iter_bytes():
        data += block
        if len(data) > _ANSWER_LIMIT:
            raise ValueError("answer too long")
    return bytes(data)


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """Lines as they arrive; a line without end is refused, not kept."""
    rest = bytearray()
    for block in response.iter_bytes():
        rest += block
        while (end := rest.find(b"\n")) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            if line.strip():
                yield line
        if len(rest) > _LINE_LIMIT:
            raise ValueError("line too long")
    if rest.strip():
        yield bytes(rest)
