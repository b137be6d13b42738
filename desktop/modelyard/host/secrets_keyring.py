"""The operating system's keyring as a place for secrets.

Only backends that encrypt are used; what the `keyring` library may silently choose instead (plain text in a file,
nothing at all) is refused by name. Facts: measured table in facts/qt.md §2."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Code, ModelyardError
from .secrets import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "Modelyard"
_SAFE = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "other": (
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
    ),
}
_NO_BACKEND = "keyring.backends.fail.Keyring"
_CHAINER = "keyring.backends.chainer.ChainerBackend"  # the library's own default: the first that works


class KeyringStore:
    """A SecretStore in the system's keyring. Each call may wait for the owner's unlock dialog."""

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service

    def get(self, account: str) -> Secret | None:
        backend = safe_backend()
        try:
            text = backend.get_password(self._service, account)
        except Exception as error:
            raise _coded(error) from None  # the cause may hold the secret
        return Secret(text) if text else None

    def set(self, account: str, secret: Secret) -> None:
        backend = safe_backend()
        try:
            backend.set_password(self._service, account, secret.reveal())
            kept = backend.get_password(self._service, account)
        except Exception as error:
            raise _coded(error) from None
        if kept is None or Secret(kept) != secret:
            raise ModelyardError(Code.KEYRING_FAILED, detail="it did not give back what was stored")

    def forget(self, account: str) -> None:
        backend = safe_backend()
        try:
            if backend.get_password(self._service, account) is not None:
                backend.delete_password(self._service, account)
        except Exception as error:
            raise _coded(error) from None


def safe_backend() -> KeyringBackend:
    """The backend that encrypts and works here. Raises KEYRING_MISSING (there is none), KEYRING_UNSAFE (the person's
    configuration of `keyring` chose one that keeps plain text or nothing).

    The backends are loaded by name: `keyring.get_keyring()` would load every backend of every system, and the one for
    macOS starts a compiler on Linux to look for libraries, with our environment."""
    try:
        chosen = _configured()
        safe = _SAFE.get(sys.platform, _SAFE["other"])
        if chosen and chosen not in (*safe, _NO_BACKEND, _CHAINER):
            raise ModelyardError(Code.KEYRING_UNSAFE, backend=chosen)
        if chosen != _NO_BACKEND:
            for backend in _viable(safe if chosen in ("", _CHAINER) else (chosen,)):
                return backend
    except ModelyardError:
        raise
    except Exception as error:
        raise _coded(error) from None
    raise ModelyardError(Code.KEYRING_MISSING, detail="no keyring service answers")


def _configured() -> str:
    """The backend named by PYTHON_KEYRING_BACKEND or keyringrc.cfg, or ""."""
    if named := os.environ.get("PYTHON_KEYRING_BACKEND", ""):
        return named
    from keyring import core

    loaded = core.load_config()
    return f"{type(loaded).__module__}.{type(loaded).__name__}" if loaded is not None else ""


def _viable(names: tuple[str, ...]) -> Iterator[KeyringBackend]:
    """Those that say they work on this computer."""
    for name in names:
        module, _, kind = name.rpartition(".")
        found: type[KeyringBackend] = getattr(importlib.import_module(module), kind)
        if found.viable:
            yield found()


def _coded(error: Exception) -> ModelyardError:
    """By the kind of the fault alone: its words are not ours to repeat."""
    from keyring import errors

    match error:
        case errors.KeyringLocked():
            return ModelyardError(Code.KEYRING_LOCKED)
        case errors.NoKeyringError():
            return ModelyardError(Code.KEYRING_MISSING, detail="no keyring service answers")
        case errors.InitError():
            return ModelyardError(Code.KEYRING_MISSING, detail="the keyring could not be opened or created")
        case _:
            return ModelyardError(Code.KEYRING_FAILED, detail=type(error).__name__)
