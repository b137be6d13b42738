"""The way to the Hub as the settings show it: whose access key is kept where, and does the download source answer.

Everything here blocks (network, keyring) and belongs on a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ModelyardError
from ..events import CancelToken
from ..host.secrets import AccessKeys, Place, secret_from_text
from ..hub.endpoints import Endpoint, environment_key_host
from ..hub.values import Account

if TYPE_CHECKING:
    from ..hub.session import Session


@dataclass(frozen=True)
class KeyState:
    """`host`: whose keys these are. `place`: where one was found, None for nowhere. `keyring`: what keeps the system's
    keyring from being used (KEYRING_*), None if nothing does. `keys_page`: where a person makes a key."""

    host: str
    place: Place | None
    keyring: ModelyardError | None
    keys_page: str


@dataclass(frozen=True)
class SourceReport:
    """A download source that answered. `bytes_per_second` of a small sample; None where it has none."""

    host: str
    answer_seconds: float
    bytes_per_second: float | None


@dataclass(frozen=True)
class HubAccess:
    """`endpoint`: the chosen download source; `session`: a conversation with it that carries the key."""

    keys: AccessKeys
    endpoint: Callable[[], Endpoint]
    session: Callable[[], Session]

    def key_state(self) -> KeyState:
        """Raises HUB_ENDPOINT_INVALID, SECRET_INVALID (nonsense in HF_TOKEN)."""
        endpoint = self.endpoint()
        trouble: ModelyardError | None = None
        try:
            self.keys.check(endpoint.key_host)
        except ModelyardError as error:
            trouble = error
        found = self.keys.find(endpoint.key_host, environment_key_host())
        return KeyState(endpoint.key_host, found.place if found else None, trouble, endpoint.keys_page)

    def keep_key(self, text: str, session_only: bool) -> KeyState:
        """Raises SECRET_INVALID, KEYRING_*."""
        self.keys.remember(self.endpoint().key_host, secret_from_text(text), session_only=session_only)
        return self.key_state()

    def forget_key(self) -> KeyState:
        """Raises KEYRING_LOCKED, KEYRING_FAILED."""
        self.keys.forget(self.endpoint().key_host)
        return self.key_state()

    def whose_key(self, cancel: CancelToken) -> Account:
        """Raises HUB_*."""
        from ..hub.account import whoami

        with self.session() as session:
            return whoami(session, cancel)

    def test_source(self) -> SourceReport:
        """Raises HUB_*."""
        from ..hub.probe import probe

        with self.session() as session:
            report = probe(session.endpoint, session.network)
        if report.fault is not None:
            raise report.fault
        return SourceReport(report.endpoint.host, report.answer_seconds, report.bytes_per_second)

    def fastest_source(self) -> tuple[str, SourceReport]:
        """Asks Hugging Face and its mirror at once; the quicker one's name in the setting `download_source`, and what
        it said. Raises HUB_* if neither answers."""
        from ..hub.endpoints import HF_MIRROR, HUGGING_FACE
        from ..hub.probe import probe_all

        with self.session() as session:
            best = probe_all((HUGGING_FACE, HF_MIRROR), session.network)[0]
        if best.fault is not None:
            raise best.fault
        name = "huggingface" if best.endpoint == HUGGING_FACE else "hf-mirror"
        return name, SourceReport(best.endpoint.host, best.answer_seconds, best.bytes_per_second)
