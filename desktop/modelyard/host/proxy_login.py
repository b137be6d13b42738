"""The login of a proxy: its name stays in the address that the settings hold, its password goes to the keyring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import ModelyardError
from .secrets import AccessKeys, Place, Secret

if TYPE_CHECKING:
    from .settings import Settings

_AS_TYPED = "%!$&'()*+,;=-._~"  # what a login may hold as it is; what is already written as %XX stays so


def split_password(address: str) -> tuple[str, Secret | None]:
    """The address without its password, and the password. The last @ ends the login: a password may hold others."""
    scheme, mark, rest = address.rpartition("://")
    login, at, place = rest.rpartition("@")
    name, _, password = login.partition(":")
    if not password:
        return address, None
    return f"{scheme}{mark}{name}{at}{place}", Secret(password)


def with_password(address: str, password: Secret) -> str:
    """The address as a connection needs it; `address` names a login. Always with a scheme: so the redactor of logs and
    reports knows what it sees."""
    scheme, _, rest = address.rpartition("://")
    name, _, place = rest.rpartition("@")
    return f"{scheme or 'http'}://{name}:{quote(password.reveal(), safe=_AS_TYPED)}@{place}"


@dataclass(frozen=True)
class ProxyLogin:
    """All of it may wait for the keyring's owner: not for the window's thread."""

    settings: Settings
    keys: AccessKeys

    def address(self) -> str:
        """ "system", "none" or the address of the chosen proxy, with its password."""
        chosen = self.settings.text("proxy")
        if chosen != "address":
            return chosen
        self.settle()
        address = self.settings.text("proxy_address")
        kept = self.keys.find(_account(address)) if "@" in address else None
        return with_password(address, kept.secret) if kept else address

    def keep(self, address: str, password: Secret) -> Place:
        """Into the keyring; where there is none that is safe, until the program ends."""
        try:
            return self.keys.remember(_account(address), password)
        except ModelyardError:
            return self.keys.remember(_account(address), password, session_only=True)

    def settle(self) -> Place | None:
        """Moves a password that an older version left in the settings; tells where to, None if there was none."""
        address, password = split_password(self.settings.text("proxy_address"))
        if password is None:
            return None
        place = self.keep(address, password)
        self.settings.set("proxy_address", address)
        return place


def _account(address: str) -> str:
    return "proxy:" + address.rpartition("://")[2].rstrip("/")
