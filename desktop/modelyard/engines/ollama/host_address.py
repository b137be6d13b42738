"""OLLAMA_HOST and typed addresses, understood as Ollama's envconfig does."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import Code, ModelyardError

DEFAULT_PORT = 11434
_SCHEME_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """One server's address. `host` has no brackets; `path` begins with a slash or is empty."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def connect(self) -> str:
        """The URL with "every interface" replaced by this machine, as Ollama's own client does."""
        return self._at({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)).url

    @property
    def base_url(self) -> str:
        """What a client can really connect to: `connect`, and this machine where no host is named."""
        return self.connect if self.host else self._at("127.0.0.1").url

    @property
    def is_local(self) -> bool:
        """Whether it means this machine, for which no proxy is ever used."""
        if self.host.lower() in ("", "localhost"):
            return True
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return address.is_loopback or address.is_unspecified

    @property
    def is_near(self) -> bool:
        """Whether it means this machine or one in the same network, to which the way to the internet does not lead."""
        if self.is_local or ("." not in self.host.rstrip(".") and ":" not in self.host):
            return True
        try:
            return not ipaddress.ip_address(self.host.partition("%")[0]).is_global
        except ValueError:
            return self.host.lower().rstrip(".").endswith((".local", ".lan", ".home.arpa", ".internal"))

    def _at(self, host: str) -> Address:
        return Address(self.scheme, host, self.port, self.path)


def parse_host(text: str) -> Address:
    """OLLAMA_HOST as the server and its command line read it. Never fails: what cannot be read becomes a default."""
    text = text.strip().strip("\"'")
    scheme, separator, rest = text.partition("://")
    port = _SCHEME_PORTS.get(scheme, DEFAULT_PORT)
    if not separator:
        scheme, rest, port = "http", text, DEFAULT_PORT
        if text == "ollama.com":
            scheme, port = "https", 443
    host_port, slash, path = rest.partition("/")
    host, given = _split_port(host_port)
    if given.isascii() and given.isdigit() and int(given) <= 65535:
        port = int(given)
    return Address(scheme, host, port, slash + path)


def _split_port(text: str) -> tuple[str, str]:
    """Host and port text. The port is empty where none is written."""
    if text.startswith("["):
        inner, bracket, after = text[1:].partition("]")
        if bracket and (not after or after.startswith(":")):
            return inner, after[1:]
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text.strip("[]") or "127.0.0.1", ""


def typed_address(text: str) -> Address:
    """An address a person typed. Raises OLLAMA_ADDRESS_INVALID where OLLAMA_HOST would fall back silently."""
    address = parse_host(text)
    if address.scheme not in _SCHEME_PORTS or not _plausible(address.host):
        raise ModelyardError(Code.OLLAMA_ADDRESS_INVALID, address=text)
    return address


def _plausible(host: str) -> bool:
    if ":" in host:
        try:
            return ipaddress.ip_address(host.partition("%")[0]).version == 6
        except ValueError:
            return False
    return all(character.isalnum() or character in "-._" for character in host)


def own_address(environ: Mapping[str, str] | None = None) -> Address:
    """The address of this computer's Ollama: OLLAMA_HOST, or the default."""
    return parse_host((os.environ if environ is None else environ).get("OLLAMA_HOST", ""))
