"""Secrets: a type that does not show itself, and the places a secret may live in. It never travels in argv, settings,
events or logs, and is never written to a file (Hugging Face's own plain-text token file included)."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, Protocol

from ..errors import Code, ModelyardError

_KEY_FORM = re.compile(r"[\x21-\x7e]{8,512}")
_PASSED_ON = re.compile(r"[^\x00-\x1f]{1,512}")  # from process to process: passwords of proxies too
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


class Secret:
    """Holds a secret text. Printing, formatting, pickling and copying show or give nothing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the request's header and for the keyring, nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(Secret)  # all alike: the hash must not tell secrets apart

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def secret_from_text(text: str) -> Secret:
    """What a person pasted, without the blanks around it. Raises SECRET_INVALID if no access key can look so."""
    typed = text.strip().strip("\"'")
    if not _KEY_FORM.fullmatch(typed):
        raise ModelyardError(Code.SECRET_INVALID)
    return Secret(typed)


class SecretStore(Protocol):
    """A place for secrets by account name (the host a key belongs to). May block: the system may ask its owner to
    unlock it, so it belongs on a worker thread. Raises KEYRING_*."""

    def get(self, account: str) -> Secret | None: ...

    def set(self, account: str, secret: Secret) -> None:
        """Afterwards the store holds it, read back and compared."""

    def forget(self, account: str) -> None:
        """Nothing there is no error."""


class SessionStore:
    """Keeps secrets in memory, until the program ends."""

    def __init__(self) -> None:
        self._held: dict[str, Secret] = {}

    def get(self, account: str) -> Secret | None:
        return self._held.get(account)

    def set(self, account: str, secret: Secret) -> None:
        self._held[account] = secret

    def all(self) -> dict[str, Secret]:
        return dict(self._held)

    def forget(self, account: str) -> None:
        self._held.pop(account, None)


class Place(StrEnum):
    """Where a key was found."""

    SESSION = "session"
    KEYRING = "keyring"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class FoundKey:
    secret: Secret
    place: Place


class AccessKeys:
    """A person's access keys by host: kept for this session, in the system's keyring, or given by HF_TOKEN."""

    def __init__(self, keyring: SecretStore, environment: Mapping[str, str] | None = None) -> None:
        self._keyring = keyring
        self._session = SessionStore()
        self._environment = os.environ if environment is None else environment

    def find(self, host: str, default_host: str = "huggingface.co") -> FoundKey | None:
        """The key that belongs to `host`. HF_TOKEN belongs to `default_host` (that of HF_ENDPOINT when set). A keyring
        that cannot be read counts as empty, since what is public needs no key; `check` tells what is wrong with it.
        Raises SECRET_INVALID for nonsense in HF_TOKEN."""
        if held := self._session.get(host):
            return FoundKey(held, Place.SESSION)
        with contextlib.suppress(ModelyardError):
            if kept := self._keyring.get(host):
                return FoundKey(kept, Place.KEYRING)
        if host == default_host:
            for variable in _VARIABLES:
                if self._environment.get(variable, "").strip():
                    return FoundKey(secret_from_text(self._environment[variable]), Place.ENVIRONMENT)
        return None

    def check(self, host: str) -> None:
        """For the page about the account. Raises KEYRING_* if the keyring cannot be read now."""
        self._keyring.get(host)

    def not_in_keyring(self) -> dict[str, str]:
        """Keys by host that a child of ours could not find by itself: for its pipe, nothing else."""
        held = {host: secret.reveal() for host, secret in self._session.all().items()}
        for variable in _VARIABLES:
            if text := self._environment.get(variable, "").strip():
                held.setdefault("", text)
        return held

    def take_over(self, keys: Mapping[str, str]) -> None:
        """What not_in_keyring() of the parent gave."""
        for host, text in keys.items():
            if isinstance(text, str) and _PASSED_ON.fullmatch(text):
                if host:
                    self._session.set(host, Secret(text))
                else:
                    self._environment = {_VARIABLES[0]: text}

    def remember(self, host: str, secret: Secret, *, session_only: bool = False) -> Place:
        """Keeps it in the keyring, or, if the person chose so, until the program ends. Raises KEYRING_*."""
        if session_only:
            self._session.set(host, secret)
            return Place.SESSION
        self._keyring.set(host, secret)
        self._session.forget(host)
        return Place.KEYRING

    def forget(self, host: str) -> None:
        """Raises KEYRING_LOCKED or KEYRING_FAILED if the keyring would not let go of it."""
        self._session.forget(host)
        try:
            self._keyring.forget(host)
        except ModelyardError as error:
            if error.code not in (Code.KEYRING_MISSING, Code.KEYRING_UNSAFE):
                raise
