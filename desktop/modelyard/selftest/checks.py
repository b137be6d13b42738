"""Does everything that ships work together? Each check prints one line; anything else on stdout is a fault.

Run by packaging/build.py on the frozen program, again on what the installer put down, and by anybody who wonders.
"""

from __future__ import annotations

import importlib
import os
import ssl
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__

_MODULES = (
    "gguf httpx huggingface_hub jinja2 keyring markdown_it numpy ollama platformdirs psutil pygments sentencepiece "
    "tokenizers truststore ziamath sqlite3"
).split()
_SECONDS = 120


def main() -> int:
    """Exit status 0 if every check passed."""
    print(f"Modelyard {__version__} self-test", flush=True)  # noqa: T201 - its output is what the build listens to
    failed = 0
    with tempfile.TemporaryDirectory(prefix="modelyard-selftest-") as scratch:
        data = Path(scratch) / "数据 data"
        for name, check in CHECKS.items():
            try:
                print(f"ok {name}: {check(data)}", flush=True)  # noqa: T201 - its output is what the build listens to
            except Exception:
                failed += 1
                print(f"FAILED {name}", flush=True)  # noqa: T201 - its output is what the build listens to
                traceback.print_exc()
    print("all good" if not failed else f"{failed} failed", flush=True)  # noqa: T201 - its output is what the build listens to
    return 1 if failed else 0


def _expect(good: bool, detail: object = "") -> None:
    """Not `assert`: the frozen program runs without those."""
    if not good:
        raise RuntimeError(f"not as expected: {detail}")


def _modules(data: Path) -> str:
    for name in _MODULES:
        importlib.import_module(name)
    return f"{len(_MODULES)} libraries"


def _keyring(data: Path) -> str:
    """The backend that keys would be kept in. That a computer has none is no fault of what ships."""
    from ..errors import Code, ModelyardError
    from ..host.secrets_keyring import safe_backend

    try:
        backend = safe_backend()
    except ModelyardError as error:
        _expect(error.code in (Code.KEYRING_MISSING, Code.KEYRING_UNSAFE), error)
        return f"none ({error.code.value})"
    return f"{type(backend).__module__}.{type(backend).__name__}"


def _certificates(data: Path) -> str:
    import truststore

    truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.OPENSSL_VERSION


def _resources(data: Path) -> str:
    from ..host.folders import resources_folder
    from ..words.catalogue import LANGUAGES, Catalogue

    titles = [Catalogue(language).size("q4_k_m")[0] for language in LANGUAGES]
    _expect(len(set(titles)) == len(LANGUAGES), titles)
    _expect((resources_folder() / "icons" / "modelyard.svg").is_file())
    return " / ".join(titles)


def _licences(data: Path) -> str:
    """What ships names what it is made of; a checkout has no such list."""
    import json

    from ..host.folders import resources_folder

    file = resources_folder() / "licences.json"
    if not getattr(sys, "frozen", False):
        return "not packed"
    parts = json.loads(file.read_text(encoding="utf-8"))
    _expect(all(part["licence"] and part["text"] for part in parts))
    _expect({"Python", "Qt", "llama.cpp and ggml"} <= {part["name"] for part in parts})
    return f"{len(parts)} parts"


def _kernels(data: Path) -> str:
    import numpy as np

    from ..formats.ggml_types import GgmlType
    from ..quantize.ggml import quantize_rows, to_float32

    rows = np.linspace(-1, 1, 1024, dtype=np.float32).reshape(2, 512)
    out = np.empty((2, GgmlType.Q4_K.row_bytes(512)), np.uint8)
    quantize_rows(GgmlType.Q4_K, rows, out, None)
    error = float(np.abs(to_float32(GgmlType.Q4_K, out, 512) - rows).max())
    _expect(error < 0.05, error)
    return f"largest error {error:.4f}"


def _convert_and_answer(data: Path) -> str:
    """A tiny checkpoint through the program itself, as a child: converted, quantized, loaded, asked."""
    from .tiny_checkpoint import write_tiny_llama

    folder = write_tiny_llama(data / "Tiny-Llama")
    _program("import", str(folder), "--size", "Q4_K_M", "--name", "tiny", "--yes", "--json", data=data)
    answer = _program("chat", "tiny", "--prompt", "Hello", "--json", data=data)
    _expect(answer["event"] == "done", answer)
    return f"{answer['stats']['answer_tokens']} tokens"


def _worker(data: Path) -> str:
    from ..host.children import Child, self_command
    from ..importing.sources import CheckpointFolder
    from ..importing.wire import to_json

    child = Child(self_command("worker", "--data-dir", str(data)))
    child.send({"job": "inspect", "source": to_json(CheckpointFolder(data / "Tiny-Llama"))})
    events = list(child.messages())
    child.end()
    _expect(bool(events) and events[-1]["event"] == "done", (events, child.tail))
    return str(events[-1]["result"]["inspection"]["architecture"])


def _window(data: Path) -> str:
    """Qt with its plugins and our translations, without a display."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication, QImageReader, QPixmap
    from PySide6.QtWidgets import QApplication

    from ..host.folders import resources_folder
    from ..ui.app import make_application
    from ..ui.i18n import Translations

    app = make_application(["modelyard"])
    _expect(b"svg" in [bytes(each.data()) for each in QImageReader.supportedImageFormats()])
    _expect(not QPixmap(str(resources_folder() / "icons" / "modelyard.svg")).isNull())
    Translations(app, resources_folder() / "i18n").use("zh_CN")
    shown = QApplication.translate("Rail", "Models")
    return f"{QGuiApplication.platformName()}, {shown}"


def _program(*arguments: str, data: Path) -> dict[str, Any]:
    """Runs this program and returns its last event. Raises RuntimeError if it failed."""
    import json

    from ..host.children import own_environment, self_command

    command = [*self_command(*arguments), "--data-dir", str(data)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        env=own_environment(),
        check=False,
    )
    _expect(done.returncode == 0, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:]))
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return last


CHECKS: dict[str, Callable[[Path], str]] = {
    "libraries": _modules,
    "keyring": _keyring,
    "certificates": _certificates,
    "resources": _resources,
    "licences": _licences,
    "kernels": _kernels,
    "conversion and engine": _convert_and_answer,
    "worker": _worker,
    "window": _window,
}


if __name__ == "__main__":
    sys.exit(main())
