"""All checks, in a process of their own: see listening.py."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from ..errors import ModelyardError
from ..host.channel import Channel
from .around import certificates, keyring, libraries
from .faults import NotAsExpected
from .packed import contents, licences, words
from .window import plugins, translations, window
from .working import conversion_and_engine, kernels, worker

CHECKS: dict[str, Callable[[Path], str]] = {
    "contents": contents,
    "libraries": libraries,
    "keyring": keyring,
    "certificates": certificates,
    "words": words,
    "licences": licences,
    "kernels": kernels,
    "conversion and engine": conversion_and_engine,
    "worker": worker,
    "Qt plugins": plugins,
    "translations": translations,
    "window": window,
}


def main() -> int:
    """Does them one after the other, in a data folder that goes again; each tells what it found, or raises."""
    channel = Channel()
    good = True
    with tempfile.TemporaryDirectory(prefix="modelyard-selftest-") as scratch:
        for name, check in CHECKS.items():
            channel.send({"check": name})
            try:
                channel.send({"check": name, "ok": check(Path(scratch) / "数据 data")})
            except (NotAsExpected, ModelyardError) as error:
                good = False
                channel.send({"check": name, "failed": str(error)})
            except Exception:
                good = False
                channel.send({"check": name, "failed": traceback.format_exc()})
    return 0 if good else 1
