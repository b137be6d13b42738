"""What comes from other people: libraries, the system's keyring, the certificates of the internet."""

from __future__ import annotations

import importlib
import pkgutil
import ssl
import sys
from pathlib import Path

import modelyard

from .faults import expect

_LIBRARIES = (
    "certifi gguf httpx huggingface_hub jinja2 keyring libggml markdown_it numpy ollama platformdirs psutil pygments "
    "pypdf sentencepiece socksio sqlite3 tokenizers truststore xllamacpp yaml ziamath"
).split()
# What the keyring's backend of a system stands on: without it, it silently counts as none.
_KEYRINGS = {"win32": "win32ctypes.pywin32", "darwin": "keyring.backends.macOS.api"}
_FEWEST_ROOTS = 50


def libraries(data: Path) -> str:
    """Every module of ours, and what they load only when it is needed."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    ours = [found.name for found in pkgutil.walk_packages(modelyard.__path__, "modelyard.")]
    for name in ours:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    return f"{len(_LIBRARIES)} libraries, {len(ours)} modules"


def keyring(data: Path) -> str:
    """The backend that keys would be kept in. That a Linux computer has none is no fault of what ships."""
    from ..errors import Code, ModelyardError
    from ..host.secrets_keyring import safe_backend

    importlib.import_module(_KEYRINGS.get(sys.platform, "secretstorage"))
    try:
        backend = safe_backend()
    except ModelyardError as error:
        if sys.platform in _KEYRINGS or error.code not in (Code.KEYRING_MISSING, Code.KEYRING_UNSAFE):
            raise
        return f"SecretService is ready; here is none ({error.code.value})"
    return f"{type(backend).__module__}.{type(backend).__name__}"


def certificates(data: Path) -> str:
    """Those of the system, and the bundle that comes along with the libraries."""
    import certifi
    import truststore

    packed = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()["x509_ca"]
    expect(packed >= _FEWEST_ROOTS, f"{packed} certificates in certifi's bundle")
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")  # loads them
    here = "the system's own"
    if sys.platform not in ("win32", "darwin"):
        loaded = context._ctx.cert_store_stats()["x509_ca"]  # its own answer is NotImplementedError
        folder = ssl.get_default_verify_paths().capath  # looked into only when they are needed
        expect(
            bool(loaded or (folder and any(Path(folder).iterdir()))), "the system has none (package ca-certificates)"
        )
    return f"{ssl.OPENSSL_VERSION}; {here}, {packed} of certifi"
