"""Figures of installing into Ollama: python -m tests.bench.ollama [megabytes]. Prints one JSON object.

A GGUF of 1 GB goes into the test server (newest generation): by link, with its digest known, and by upload, beside a
bare streaming POST of the same file in the same run. Uploads and bare POSTs take turns; the fastest of each counts,
since other work on the machine only ever adds time. Medians stand beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.events import CancelToken
from tests.builders.ollama_gguf import write_gguf
from tests.builders.ollama_server import OllamaServer

ROUNDS = 5


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(Path(folder), megabytes), indent=1))


def measured(folder: Path, megabytes: int) -> dict[str, Any]:
    path = write_gguf(folder / "big.gguf", padding=megabytes * 1_000_000)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    os.environ["OLLAMA_MODELS"] = str(folder / "models")
    with OllamaServer(folder / "models", "0.40") as server:
        engine = OllamaEngine(server.url)
        engine.models()  # the program has long looked at Ollama when an import ends
        engine.running()
        links, uploads, posts = [], [], []
        for _ in range(ROUNDS):
            links.append(timed(lambda: install(engine, path, digest, Ownership.OURS)))
            engine.remove("bench")
        for _ in range(ROUNDS):
            posts.append(timed(lambda: bare_post(server, path, digest)))
            server.store.blob(f"sha256:{digest}").unlink()
            uploads.append(timed(lambda: install(engine, path, digest, Ownership.THEIRS)))
            engine.remove("bench")
        engine.close()
    return {
        "megabytes": megabytes,
        "install_by_link_seconds": round(min(links), 4),
        "install_by_link_median_seconds": round(median(links), 4),
        "install_by_upload_seconds": round(min(uploads), 3),
        "bare_post_seconds": round(min(posts), 3),
        "upload_to_bare_post": round(min(uploads) / min(posts), 3),
        "upload_to_bare_post_medians": round(median(uploads) / median(posts), 3),
    }


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def install(engine: OllamaEngine, path: Path, digest: str, ownership: Ownership) -> None:
    request = InstallRequest("bench", path, ownership, sha256=digest)
    engine.install(request, lambda event: None, CancelToken())


def bare_post(server: OllamaServer, path: Path, digest: str) -> None:
    def blocks() -> Iterator[bytes]:
        with path.open("rb", buffering=0) as file:
            while block := file.read(1 << 20):
                yield block

    headers = {"Content-Length": str(path.stat().st_size)}
    url = f"{server.url}/api/blobs/sha256:{digest}"
    httpx.post(url, content=blocks(), headers=headers, timeout=None, trust_env=False).raise_for_status()


if __name__ == "__main__":
    main()
