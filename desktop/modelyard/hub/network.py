"""HTTP for the Hub: time limits, proxies and certificates in one place. A proxy never sees what stays on this
computer, whatever the system's settings say."""

from __future__ import annotations

import functools
import ssl
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import httpx
import truststore

from .. import __version__
from ..errors import Code, ModelyardError
from .endpoints import is_loopback

CONNECT_SECONDS = 10.0
USER_AGENT = f"modelyard/{__version__}"
# httpcore asks the system for 64 KB at a time, which costs a quick line a third of its speed.
httpcore.HTTP11Connection.READ_NUM_BYTES = 1 << 20


@dataclass(frozen=True)
class Network:
    """How to reach the internet. `proxy`: "system", "none" or an address (http, https, socks5, socks5h);
    `read_seconds`: the longest silence inside an answer before it counts as a stall."""

    proxy: str = "system"
    read_seconds: float = 30.0
    connect_seconds: float = CONNECT_SECONDS

    def proxy_for(self, url: str) -> str | None:
        """The proxy's address for one URL, or None for the direct way."""
        host = urlsplit(url).hostname or ""
        if is_loopback(host) or self.proxy == "none":
            return None
        if self.proxy != "system":
            return self.proxy
        if urllib.request.proxy_bypass(host):
            return None
        found = urllib.request.getproxies()
        return found.get(urlsplit(url).scheme) or found.get("all")

    def client(self, connections: int = 8) -> httpx.Client:
        """A client without redirects, cookies kept, or anything taken from the environment behind our back."""
        return httpx.Client(
            transport=_Routes(self, connections),
            timeout=httpx.Timeout(self.read_seconds, connect=self.connect_seconds, pool=None),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The system's own trust store: company proxies put their certificate there."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Routes(httpx.BaseTransport):
    """Takes each request the direct way or through the proxy that is right for its host."""

    def __init__(self, network: Network, connections: int) -> None:
        self._network = network
        self._limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._ways: dict[str | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._network.proxy_for(str(request.url))
        way = self._ways.get(proxy) or self._ways.setdefault(proxy, self._make(proxy))
        return way.handle_request(request)

    def _make(self, proxy: str | None) -> httpx.HTTPTransport:
        try:
            address = httpx.Proxy(_with_scheme(proxy)) if proxy else None
            return httpx.HTTPTransport(verify=_certificates(), limits=self._limits, proxy=address, trust_env=False)
        except (ValueError, httpx.InvalidURL) as error:
            raise ModelyardError(Code.HUB_PROXY, host=_host_of(proxy or ""), detail=type(error).__name__) from error

    def close(self) -> None:
        for way in self._ways.values():
            way.close()


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _host_of(proxy: str) -> str:
    """Without name and password."""
    return proxy.rpartition("@")[2].rpartition("/")[2][:80]


def network_fault(error: httpx.HTTPError, host: str) -> ModelyardError:
    """The coded error for a failed exchange with `host`."""
    if isinstance(error, httpx.ProxyError):
        return ModelyardError(Code.HUB_PROXY, host=host, detail=str(error)[:120])
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ModelyardError(Code.HUB_CERTIFICATE, host=host, detail=cause.verify_message[:120])
        cause = cause.__cause__ or cause.__context__
    detail = "no answer in time" if isinstance(error, httpx.TimeoutException) else str(error)[:120]
    return ModelyardError(Code.HUB_UNREACHABLE, host=host, detail=detail or type(error).__name__)
