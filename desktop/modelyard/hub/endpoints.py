"""Download sources: huggingface.co, its mirror, a person's own."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import Code, ModelyardError

OFFICIAL_URL = "https://huggingface.co"
MIRROR_URL = "https://hf-mirror.com"


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the Hub's protocol. `url` without a trailing slash. Pages for people (terms, keys) of a
    mirror are the official ones: nobody can log in at a mirror."""

    url: str
    official: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def pages(self) -> str:
        return OFFICIAL_URL if self.url == MIRROR_URL else self.url

    @property
    def key_host(self) -> str:
        """The host whose access keys open what is served here."""
        return urlsplit(self.pages).netloc

    @property
    def keys_page(self) -> str:
        return f"{self.pages}/settings/tokens"

    def page(self, repository: str) -> str:
        return f"{self.pages}/{repository}"


HUGGING_FACE = Endpoint(OFFICIAL_URL, official=True)
HF_MIRROR = Endpoint(MIRROR_URL)
KNOWN = (HUGGING_FACE, HF_MIRROR)


def endpoint_at(address: str) -> Endpoint:
    """The endpoint a person typed; https:// is assumed. Plain http is for this computer and private networks only: the
    access key must not cross the internet in clear. Raises HUB_ENDPOINT_INVALID."""
    typed = address.strip().rstrip("/")
    if typed and "://" not in typed and not typed.endswith(":"):
        typed = ("http://" if is_loopback(typed.partition("/")[0].rpartition(":")[0] or typed) else "https://") + typed
    try:
        parts = urlsplit(typed)
        good = (
            not typed.endswith(":") and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        )
        good = good and not (parts.query or parts.fragment or parts.username or re.search(r"\s", typed))
        good = good and (parts.scheme == "https" or _is_near(parts.hostname or ""))
    except ValueError:
        good = False
    if not good:
        raise ModelyardError(Code.HUB_ENDPOINT_INVALID, address=address.strip()[:120])
    return next((known for known in KNOWN if known.url == typed.lower()), Endpoint(typed))


def choose_endpoint(source: str, address: str, environment: Mapping[str, str] | None = None) -> Endpoint:
    """The endpoint of the settings `download_source` and `download_address`; with the source left at its default,
    HF_ENDPOINT counts. Raises HUB_ENDPOINT_INVALID."""
    if source == "hf-mirror":
        return HF_MIRROR
    if source == "custom":
        return endpoint_at(address)
    wished = (os.environ if environment is None else environment).get("HF_ENDPOINT", "")
    return endpoint_at(wished) if wished.strip() else HUGGING_FACE


def environment_key_host(environment: Mapping[str, str] | None = None) -> str:
    """The host that HF_TOKEN belongs to: that of HF_ENDPOINT, else huggingface.co. It is not for any other source a
    person may choose in the settings. Raises HUB_ENDPOINT_INVALID."""
    return choose_endpoint("huggingface", "", environment).key_host


def is_loopback(host: str) -> bool:
    """This very computer."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_near(host: str) -> bool:
    if is_loopback(host):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".internal"))
