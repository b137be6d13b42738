"""The pieces of a fetch: blocks and notes, names, waiting."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.hub.fetch.cache import cache_folder
from modelyard.hub.fetch.names import safe_path
from modelyard.hub.fetch.pace import Pace, Patience
from modelyard.hub.fetch.part import Claim, PartFile
from modelyard.hub.fetch.queue import Queue
from modelyard.hub.fetch.sink import Sink
from modelyard.hub.values import RepoFile

MIB = 1 << 20


def part_of(folder: Path, size: int, name: str = "a.bin", block: int = MIB) -> PartFile:
    return PartFile(RepoFile(name, size, sha256="0" * 64), folder, block)


def receive(part: PartFile, claim: Claim, count: int) -> None:
    """As a connection does: write, then note."""
    data = bytes((claim.start + i) % 251 for i in range(min(count, claim.end - claim.start)))
    part.part.touch()
    with part.part.open("r+b") as file:
        file.seek(claim.start)
        file.write(data)
    part.received(claim.start, data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 9 * 4096), st.lists(st.tuples(st.integers(1, 9000), st.booleans()), max_size=30))
def test_claims_cover_everything_once_whatever_is_cut(
    tmp_path_factory: pytest.TempPathFactory, size: int, steps: list[tuple[int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    part, received = part_of(folder, size, block=4096), 0
    for count, restart in steps:
        if (claim := part.claim(3)) is not None:
            assert 0 <= claim.start < claim.end <= size
            before = part.done_bytes
            receive(part, claim, count)
            received += part.done_bytes - before
            part.release(claim)
        part.save()
        if restart:
            there = part.done_bytes
            part = part_of(folder, size, block=4096)
            assert part.done_bytes == there
    while (claim := part.claim(3)) is not None:
        receive(part, claim, size)
        part.release(claim)
    assert part.done_bytes == part.prefix() == size and part.complete
    assert part.covers(0, size) and not (size and part.damaged_blocks())


def test_two_connections_never_share_a_block(tmp_path: Path) -> None:
    part = part_of(tmp_path, 10 * MIB)
    claims = []
    while (claim := part.claim(4)) is not None:
        claims.append((claim.start, claim.end))
    assert sorted(claims)[0][0] == 0 and sorted(claims)[-1][1] == 10 * MIB
    assert all(one[1] <= other[0] for one, other in zip(sorted(claims), sorted(claims)[1:], strict=False))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the space is taken beforehand on Linux alone")
def test_the_space_is_taken_before_but_the_file_is_no_longer_than_its_bytes(tmp_path: Path) -> None:
    part = part_of(tmp_path, 8 * MIB)
    claim = part.claim(1)
    assert claim is not None
    with Sink(claim, MIB) as sink:
        assert sink.put(b"x" * MIB)
    there = part.part.stat()
    assert there.st_size == part.done_bytes == MIB
    assert there.st_blocks * 512 in (MIB, 8 * MIB)  # where the file system can


def test_the_notes_stay_small_for_the_largest_file(tmp_path: Path) -> None:
    part = part_of(tmp_path, 50 * 10**9)
    part.save()
    assert part.notes.stat().st_size < 5000
    assert part.block_bytes % MIB == 0


def test_that_it_was_wrong_once_is_not_forgotten(tmp_path: Path) -> None:
    part = part_of(tmp_path, MIB)
    claim = part.claim(1)
    assert claim is not None
    receive(part, claim, MIB)
    part.reopen()
    assert part_of(tmp_path, MIB).strikes == 1 and part.done_bytes == 0


@pytest.mark.parametrize(
    "blocks", [[[9, 9]], [[-1, 0]] * 3, [["1", 2]] * 3, [[True, 0]] * 3, [[1]] * 3, "x", None, [[2 * MIB, 0]] * 3]
)
def test_notes_that_cannot_be_are_not_believed(tmp_path: Path, blocks: object) -> None:
    record = {"version": 1, "size": 3 * MIB, "etag": "0" * 64, "block_bytes": MIB, "blocks": blocks}
    (tmp_path / "a.bin.part").write_bytes(bytes(3 * MIB))
    (tmp_path / "a.bin.part.json").write_text(json.dumps(record), encoding="ascii")
    assert part_of(tmp_path, 3 * MIB).done_bytes == 0


def test_reading_ahead_is_bounded_but_never_blocks_who_waits(tmp_path: Path) -> None:
    parts = [part_of(tmp_path, 2 * MIB, f"{n}.bin") for n in range(4)]
    queue = Queue(parts, ahead_bytes=4 * MIB)
    taken = {claim.part.file.path for _ in range(20) if (claim := queue.claim(1))}
    assert taken == {"0.bin", "1.bin"}
    queue.want(parts[3])
    claim = queue.claim(1)
    assert claim is not None and claim.part is parts[3]
    parts[0].consumed = parts[1].consumed = True
    claim = queue.claim(1)
    assert claim is not None and claim.part is parts[2]


@pytest.mark.parametrize("name", ["a.bin", "sub/deep/模型 1.gguf", "ünïcode.json", ".gitattributes", "a..b"])
def test_good_names(tmp_path: Path, name: str) -> None:
    path = safe_path(tmp_path, name)
    assert path.is_relative_to(tmp_path) and path.as_posix().endswith(name)


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/../../x", "/etc/x", "a//b", "./a", "C:/x", "a\\b", "con", "NUL.txt", "sub/com1.bin", "a.", "a ",
     "x\x00y", "a?b", "a.part", "a.part.json", "x" * 600, "模" * 100],
)  # fmt: skip
def test_bad_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        safe_path(tmp_path, name)
    assert caught.value.code is Code.HUB_FILE_NAME_UNSAFE


def test_pace_keeps_its_rate() -> None:
    pace, stop = Pace(1_000_000), threading.Event()
    began = time.monotonic()
    for _ in range(10):
        pace.take(50_000, stop)
    assert time.monotonic() - began >= 0.2
    stop.set()
    began = time.monotonic()
    pace.take(10**9, stop)
    assert time.monotonic() - began < 10


def test_waits_grow_and_are_forgotten_at_progress() -> None:
    patience = Patience(limit_seconds=100, first_wait=1.0)
    waits = [patience.fault() for _ in range(12)]
    assert waits[0] < 1.3 and waits[3] > 4 and 45 <= waits[-1] <= 75
    patience.progress()
    assert patience.fault() < 1.3
    assert patience.fault(asked_seconds=500) == 500 and 490 < patience.remaining_wait() <= 500
    assert not patience.exhausted


def test_where_the_cache_is(tmp_path: Path) -> None:
    assert cache_folder({"HF_HUB_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({"HF_HOME": str(tmp_path)}) == tmp_path / "hub"
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "huggingface" / "hub"
    assert cache_folder({}) == Path("~/.cache/huggingface/hub").expanduser()
