"""One endpoint, one key, one client: every request to the Hub goes through here, so that the key goes nowhere else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from ..errors import Code, ModelyardError
from ..events import CancelToken
from ..host.secrets import Secret
from .answers import Subject, check_answer, retry_after
from .endpoints import Endpoint
from .network import Network, network_fault
from .sockets import Sockets

_REDIRECTS = 5
_TRIES = 3
_JSON_LIMIT = 32 << 20
_PATIENCE = 4.0  # the longest Retry-After that a waiting person is put through silently


@dataclass(frozen=True)
class Credentials:
    """An access key and the host it belongs to. `to_mirror`: the person agreed that a mirror may see it."""

    key: Secret | None = None
    belongs_to: str = "huggingface.co"
    to_mirror: bool = False

    def key_for(self, endpoint: Endpoint) -> Secret | None:
        return self.key if self.key and (endpoint.host == self.belongs_to or self.to_mirror) else None


@dataclass
class Session:
    """Requests to one endpoint. Thread-safe. Close it.

    The key is sent to the endpoint's own origin only: never to the host a redirect names."""

    endpoint: Endpoint
    credentials: Credentials = field(default_factory=Credentials)
    network: Network = field(default_factory=Network)
    connections: int = 8

    def __post_init__(self) -> None:
        self.client = self.network.client(self.connections)
        self._sockets = Sockets()

    def cut(self) -> None:
        """Ends all requests under way, whatever they wait for; from any thread. The session is of no further use."""
        self._sockets.cut()

    def another(self, connections: int = 2) -> Session:
        """A session of its own with the same endpoint, key and network."""
        return Session(self.endpoint, self.credentials, self.network, connections)

    def close(self) -> None:
        self.client.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def subject(self, name: str = "", revision: str = "", file: str = "") -> Subject:
        known = self.credentials.key is not None
        sent = self.credentials.key_for(self.endpoint) is not None
        return Subject(self.endpoint, name, revision, file, known, sent)

    def headers_for(self, url: str) -> dict[str, str]:
        """The key's header, if `url` is the endpoint's own origin."""
        key = self.credentials.key_for(self.endpoint)
        if key is None or _origin(url) != _origin(self.endpoint.url):
            return {}
        return {"Authorization": f"Bearer {key.reveal()}"}

    def url(self, path: str) -> str:
        return self.endpoint.url + path

    @contextlib.contextmanager
    def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        content: bytes | Iterator[bytes] | None = None,
    ) -> Iterator[httpx.Response]:
        """One exchange, its body not read yet; redirects are the caller's. Raises HUB_UNREACHABLE, HUB_PROXY,
        HUB_CERTIFICATE, HUB_ANSWER_INVALID (an address a server gave is none)."""
        try:
            sent = {**self.headers_for(url), **(headers or {})}
            request = self.client.build_request(
                method, url, headers=sent, json=json_body, content=content, extensions=self._sockets.extensions
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise _bad_address(self.endpoint.host) from error
        try:
            response = self.client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise network_fault(error, urlsplit(url).netloc) from error
        try:
            yield response
        except httpx.HTTPError as error:
            raise network_fault(error, urlsplit(url).netloc) from error
        finally:
            response.close()

    @contextlib.contextmanager
    def follow(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[httpx.Response]:
        """A GET with redirects followed, the key never sent beyond the endpoint's origin. Raises as `open`, and
        HUB_ANSWER_INVALID for a circle or a step down to plain http."""
        for _ in range(_REDIRECTS):
            with self.open("GET", url, headers=headers) as response:
                if not response.has_redirect_location:
                    yield response
                    return
                url = redirect_target(response, url, self.endpoint.host)
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=self.endpoint.host, detail="redirects without end")

    def get_bytes(
        self,
        path: str,
        subject: Subject,
        limit: int,
        *,
        headers: Mapping[str, str] | None = None,
        cancel: CancelToken | None = None,
    ) -> bytes:
        """A small answer, whole. Passing faults are tried again twice. Raises HUB_*, Cancelled, and HUB_FILE_TOO_LARGE
        if the server sends more than `limit` bytes."""
        cancel = cancel or CancelToken()
        for attempt in range(_TRIES):
            cancel.check()
            wait = 0.4 * 2**attempt
            try:
                with self.follow(self.url(path), headers=headers) as response:
                    wait = retry_after(response) or wait
                    check_answer(response, subject)
                    return read_bounded(response, limit, subject)
            except ModelyardError as error:
                if error.code not in _PASSING or attempt == _TRIES - 1 or wait > _PATIENCE:
                    raise
            cancel.wait(wait)
        raise AssertionError("the last attempt returns or raises")

    def get_json(self, path: str, subject: Subject, *, cancel: CancelToken | None = None) -> Any:
        """Raises as get_bytes, and HUB_ANSWER_INVALID for anything that is not JSON."""
        return parse_json(self.get_bytes(path, subject, _JSON_LIMIT, cancel=cancel), subject)

    def post_json(self, url: str, body: Any, subject: Subject, *, headers: Mapping[str, str] | None = None) -> Any:
        """Raises HUB_*."""
        with self.open("POST", url, headers=headers, json_body=body) as response:
            check_answer(response, subject)
            return parse_json(read_bounded(response, _JSON_LIMIT, subject), subject)


_PASSING = (Code.HUB_UNREACHABLE, Code.HUB_SERVER_ERROR, Code.HUB_RATE_LIMITED, Code.HUB_RATE_LIMITED_NO_KEY)


def read_bounded(response: httpx.Response, limit: int, subject: Subject) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            name = subject.file or subject.name or subject.endpoint.host
            raise ModelyardError(Code.HUB_FILE_TOO_LARGE, name=name, limit_bytes=limit)
    return bytes(body)


def parse_json(body: bytes, subject: Subject) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=subject.endpoint.host, detail="not JSON") from error


def redirect_target(response: httpx.Response, url: str, host: str) -> str:
    """Where a redirect leads. Raises HUB_ANSWER_INVALID if that is no web address, or plain http after https."""
    try:
        target: str = urljoin(url, response.headers.get("Location", ""))
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise _bad_address(host) from error
    if scheme not in ("http", "https") or (urlsplit(url).scheme == "https" and scheme == "http"):
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=host, detail="redirect to an unsafe address")
    return target


def _bad_address(host: str) -> ModelyardError:
    return ModelyardError(Code.HUB_ANSWER_INVALID, host=host, detail="a bad address")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
