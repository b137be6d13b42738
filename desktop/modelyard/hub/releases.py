"""Is there a newer Modelyard? Asked only if the person wished so; nothing is ever fetched but the name of it."""

from __future__ import annotations

import re

from .. import REPOSITORY
from ..errors import Code, ModelyardError
from .endpoints import Endpoint
from .network import Network
from .session import Session
from .untrusted import table, text

_API = Endpoint("https://api.github.com")
_LATEST = f"/repos/{REPOSITORY}/releases/latest"
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})")


def newer_release(running: str, network: Network, endpoint: Endpoint = _API) -> str:
    """The version of a newer release, or "". Raises HUB_*."""
    with Session(endpoint, network=network) as session:
        answer = session.get_json(_LATEST, session.subject())
    name = text(table(answer).get("tag_name"))
    newest, ours = _VERSION.fullmatch(name), _VERSION.match(running)
    if newest is None:
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=endpoint.host, detail="no version")
    if ours is None or tuple(map(int, newest.groups())) <= tuple(map(int, ours.groups())):
        return ""
    return ".".join(newest.groups())
