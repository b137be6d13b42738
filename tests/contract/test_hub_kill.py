"""kill -9 at twenty random points of a download of 500 MB: the bytes are right in the end, hardly any came twice."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.hub.fetch.fetch import FetchOptions

KILLS = 20
PIECE = 1 << 18  # the test Hub's writes: what may be under way in a socket
FILES = {"model-00001-of-00003.safetensors": 200, "model-00002-of-00003.safetensors": 200, "tail.safetensors": 100}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "hub" / "org" / "large"
    folder.mkdir(parents=True)
    for number, (name, megabytes) in enumerate(FILES.items()):
        block = random.Random(number).randbytes(1_000_000)
        with (folder / name).open("wb") as file:
            for position in range(megabytes):
                file.write(position.to_bytes(8, "big") + block[8:])
    return folder


@pytest.fixture
def server(weights: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.builders.hub_server", str(weights.parents[1]), str(40_000_000)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def sent_bytes(server: subprocess.Popen[str]) -> int:
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write("\n")
    server.stdin.flush()
    return int(server.stdout.readline())


def noted_bytes(folder: Path) -> int:
    """What the notes beside the files say is there."""
    notes = [json.loads(path.read_text(encoding="ascii")) for path in folder.glob("*.part.json")]
    return sum(done for record in notes for done, _ in record["blocks"])


@pytest.mark.slow
def test_killed_twenty_times(server: subprocess.Popen[str], weights: Path, tmp_path: Path) -> None:
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    total = sum(FILES.values()) * 1_000_000
    points = sorted(random.Random(20).randrange(total // 100, total * 97 // 100) for _ in range(KILLS))
    folder = tmp_path / "fetched"
    command = [sys.executable, "-m", "tests.builders.hub_fetch_child", url, "org/large", str(folder)]
    for point in points:
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while noted_bytes(folder) < point:
            assert child.poll() is None
            time.sleep(0.005)
        time.sleep(random.Random(point).random() / 50)  # anywhere between two notes
        child.kill()
        child.wait()
    options = FetchOptions()
    allowed = KILLS * options.connections * (options.save_bytes + 2 * PIECE)
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).stdout.strip() == b"right"
    for name in FILES:
        with (weights / name).open("rb") as one, (folder / name).open("rb") as other:
            assert hashlib.file_digest(one, "sha256").digest() == hashlib.file_digest(other, "sha256").digest()
    twice = sent_bytes(server) - total
    print(f"fetched twice: {twice} bytes of {allowed} allowed")
    assert 0 <= twice <= allowed
