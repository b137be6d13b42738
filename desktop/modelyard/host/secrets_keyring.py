"""The operating system's keyring as a place for secrets.

Only backends that encrypt are used; what the `keyring` library may silently choose instead (plain text in a file,
nothing at all) is refused by name. Facts: measured table in facts/qt.md §2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Code, ModelyardError
from .secrets import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "Modelyard"
_SAFE_MODULES = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.libsecret",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
_NO_BACKEND_MODULE = "keyring.backends.fail"


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
    """The first backend in the library's order of preference that encrypts. Raises KEYRING_MISSING (there is none),
    KEYRING_UNSAFE (only such as keep plain text or nothing, or the person's configuration chose one)."""
    import keyring

    try:
        chosen = keyring.get_keyring()
    except Exception as error:
        raise _coded(error) from None
    offered = list(_walk(chosen))
    for backend in offered:
        if type(backend).__module__ in _SAFE_MODULES:
            return backend
    unsafe = [backend for backend in offered if type(backend).__module__ != _NO_BACKEND_MODULE]
    if unsafe:
        kind = type(unsafe[0])
        raise ModelyardError(Code.KEYRING_UNSAFE, backend=f"{kind.__module__}.{kind.__name__}")
    raise ModelyardError(Code.KEYRING_MISSING, detail="no keyring service answers")


def _walk(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    """The backend itself, or those a chainer asks one after the other."""
    if type(backend).__module__ == "keyring.backends.chainer":
        for inner in getattr(backend, "backends", ()):
            yield from _walk(inner)
    else:
        yield backend


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
