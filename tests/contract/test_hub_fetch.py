"""Fetching over real HTTP: resume, faults of server and network, verification, those who wait."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event, Kind
from modelyard.host.secrets import Secret
from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.fetch import sink
from modelyard.hub.fetch.fetch import Fetch, FetchOptions
from modelyard.hub.look import list_repository
from modelyard.hub.network import Network
from modelyard.hub.session import Credentials, Session
from modelyard.hub.values import RepoListing
from tests.builders.hub_server import ALICE, Fault, Hub, make_blob, running_hub

MIB = 1 << 20
WEIGHTS = random.Random(4).randbytes(5 * MIB + 12345)
SHARD = random.Random(5).randbytes(3 * MIB + 1)
CONFIG = b'{"architectures": ["LlamaForCausalLM"]}'
SMALL_BLOCKS = FetchOptions(block_bytes=MIB, save_bytes=256 << 10, first_wait=0.01)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.add("org/m", {"model.safetensors": WEIGHTS, "sub/tail.safetensors": SHARD, "config.json": CONFIG})
        yield hub


@pytest.fixture
def session(hub: Hub) -> Iterator[Session]:
    with Session(endpoint_at(hub.url), network=Network(read_seconds=1.0)) as session:
        yield session


def fetch(
    session: Session, folder: Path, options: FetchOptions = SMALL_BLOCKS, listing: RepoListing | None = None
) -> tuple[Fetch, list[Event]]:
    seen: list[Event] = []
    listing = listing or list_repository(session, "org/m")
    return Fetch(session, listing, listing.files, folder, seen.append, options), seen


def fetch_all(session: Session, folder: Path, **options: Any) -> list[Event]:
    merged = FetchOptions(**{**SMALL_BLOCKS.__dict__, **options})
    job, seen = fetch(session, folder, merged)
    with job:
        job.wait()
    return seen


def assert_right(folder: Path) -> None:
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "sub" / "tail.safetensors").read_bytes() == SHARD
    assert (folder / "config.json").read_bytes() == CONFIG


def test_brings_every_file_with_progress(session: Session, tmp_path: Path) -> None:
    seen = fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")
    last = [event for event in seen if event.kind is Kind.PROGRESS][-1]
    assert last.fields["done"] == last.fields["total"] == len(WEIGHTS) + len(SHARD) + len(CONFIG)


def test_finish_leaves_only_the_files_and_discard_nothing(session: Session, tmp_path: Path) -> None:
    job, _ = fetch(session, tmp_path / "d")
    with job:
        job.wait()
        job.finish()
    files = sorted(p.name for p in (tmp_path / "d").rglob("*") if p.is_file())
    assert files == ["config.json", "model.safetensors", "tail.safetensors"]
    job.discard()
    assert not [p for p in (tmp_path / "d").rglob("*") if p.is_file()]


def test_goes_on_where_a_closed_fetch_stopped(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.bytes_per_second = 2 * MIB
    job, _ = fetch(session, tmp_path / "d")
    with job:
        while job.done_bytes < 2 * MIB:
            time.sleep(0.01)
        job.close()
    hub.bytes_per_second = 0
    before, hub.sent_bytes = job.done_bytes, 0
    assert 2 * MIB <= before < job.total_bytes
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")
    assert hub.sent_bytes <= job.total_bytes - before + 4 * 65536  # what was under way to the closed one


def test_pause_and_go_on(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.bytes_per_second = 2 * MIB
    job, _ = fetch(session, tmp_path / "d")
    with job:
        while job.done_bytes < MIB:
            time.sleep(0.01)
        job.pause()
        there = job.done_bytes
        time.sleep(0.2)
        assert job.done_bytes == there
        hub.bytes_per_second = 0
        job.start()
        job.wait()
    assert_right(tmp_path / "d")


def test_cut_connections_are_taken_up_again(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", count=12, cut_after=300_000)]
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")
    assert hub.sent_bytes <= len(WEIGHTS) + len(SHARD) + len(CONFIG) + 12 * 65536


def test_a_silent_connection_is_left_after_the_limit(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", count=2, stall_after=200_000)]
    began = time.monotonic()
    fetch_all(session, tmp_path / "d")
    assert time.monotonic() - began > 0.9
    assert_right(tmp_path / "d")


def test_cancel_does_not_wait_for_a_silent_server(hub: Hub, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", count=99, stall_after=100_000)]
    with Session(endpoint_at(hub.url), network=Network(read_seconds=30)) as session:
        job, _ = fetch(session, tmp_path / "d")
        cancel = CancelToken()
        threading.Timer(0.3, cancel.cancel).start()
        with job, pytest.raises(Cancelled):
            job.wait(cancel)
        began = time.monotonic()
        job.close()
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_bursts_of_refusals_pass(hub: Hub, session: Session, tmp_path: Path, status: int) -> None:
    hub.faults = [Fault("GET /(org/m/resolve|_lfs)", count=9, status=status, headers={"Retry-After": "0"})]
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")


def test_retry_after_is_obeyed_by_all_connections(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /org/m/resolve", count=1, status=429, headers={"Retry-After": "2"})]
    began = time.monotonic()
    seen = fetch_all(session, tmp_path / "d", connections=1)
    assert time.monotonic() - began >= 2.0
    warnings = [event.fields for event in seen if event.kind is Kind.WARNING]
    assert warnings and warnings[0]["code"] == "hub_retrying" and warnings[0]["fields"]["wait_seconds"] == 2


def test_patience_ends(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs", count=10_000, status=503)]
    with pytest.raises(ModelyardError) as caught:
        fetch_all(session, tmp_path / "d", patience_seconds=0.5)
    assert caught.value.code is Code.HUB_SERVER_ERROR


def test_bytes_changed_on_the_way_are_found_and_fetched_again(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", count=1, flip_at=70_000)]
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")


def test_a_source_that_stays_wrong_is_refused_and_leaves_nothing(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /org/m/resolve/.*config", count=10_000, flip_at=3)]
    with pytest.raises(ModelyardError) as caught:
        fetch_all(session, tmp_path / "d")
    assert caught.value.code is Code.HUB_FILE_DAMAGED
    assert not list((tmp_path / "d").glob("config.json*"))


def test_only_blocks_the_disk_damaged_are_fetched_again(hub: Hub, session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    fetch_all(session, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(2 * MIB + 7)
        file.write(b"damage!!")
    hub.sent_bytes = 0
    fetch_all(session, folder)
    assert_right(folder)
    assert hub.sent_bytes == MIB


def test_a_shortened_part_is_not_believed(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.bytes_per_second = 3 * MIB
    job, _ = fetch(session, tmp_path / "d")
    with job:
        while job.done_bytes < 3 * MIB:
            time.sleep(0.01)
    os.truncate(tmp_path / "d" / "model.safetensors.part", 100_000)
    hub.bytes_per_second = 0
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")


@pytest.mark.parametrize(
    "notes", ["", "{", "[]", '{"version": 1}', '{"version": 9}', "é" * 50, '{"version":1,"blocks":7}']
)
def test_nonsense_notes_are_survived(session: Session, tmp_path: Path, notes: str) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "config.json.part.json").write_text(notes, encoding="utf-8")
    try:
        fetch_all(session, folder)
    except ModelyardError as error:
        assert error.code is Code.HUB_FILE_CHANGED
    else:
        assert_right(folder)


def test_a_file_that_changed_meanwhile_is_refused(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.bytes_per_second = 3 * MIB
    job, _ = fetch(session, tmp_path / "d")
    with job:
        while job.done_bytes < 2 * MIB:
            time.sleep(0.01)
    repo = hub.repos["org/m"]
    repo.files["model.safetensors"] = make_blob("model.safetensors", bytes(len(WEIGHTS)))
    repo.commit("other weights")
    with pytest.raises(ModelyardError) as caught:
        fetch(session, tmp_path / "d")  # the new listing, the old notes
    assert caught.value.code is Code.HUB_FILE_CHANGED


def test_a_server_that_serves_other_bytes_than_it_listed_is_refused(hub: Hub, session: Session, tmp_path: Path) -> None:
    listing = list_repository(session, "org/m")
    repo = hub.repos["org/m"]
    repo.commits[-1][2]["model.safetensors"] = make_blob("model.safetensors", bytes(len(WEIGHTS)))
    job, _ = fetch(session, tmp_path / "d", listing=listing)
    with job, pytest.raises(ModelyardError) as caught:
        job.wait()
    assert caught.value.code is Code.HUB_FILE_CHANGED


def test_a_server_without_ranges_serves_too(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.ranges = False
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")


def test_the_key_never_reaches_the_redirect_host(hub: Hub, tmp_path: Path) -> None:
    hub.repos["org/m"].private = True
    hub.repos["org/m"].id = "alice/m"
    hub.repos["alice/m"] = hub.repos.pop("org/m")
    endpoint = endpoint_at(hub.url)
    with Session(endpoint, Credentials(Secret(ALICE), endpoint.host)) as session:
        job, _ = fetch(session, tmp_path / "d", listing=list_repository(session, "alice/m"))
        with job:
            job.wait()
    assert_right(tmp_path / "d")
    elsewhere = hub.requests("/_lfs/")
    assert elsewhere and all(not seen.key and seen.host.startswith("localhost") for seen in elsewhere)
    assert all(seen.key == f"Bearer {ALICE}" for seen in hub.requests("/resolve/"))


def test_signed_addresses_that_run_out_are_asked_for_again(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", spared=1, status=403)]
    job, _ = fetch(session, tmp_path / "d", FetchOptions(connections=1, block_bytes=MIB, first_wait=0.01))
    with job:
        job.wait()
    assert hub.faults[0].count == 0
    assert_right(tmp_path / "d")


def test_bandwidth_limit(session: Session, tmp_path: Path) -> None:
    began = time.monotonic()
    fetch_all(session, tmp_path / "d", bytes_per_second=8 * MIB)
    taken = time.monotonic() - began
    assert taken >= (len(WEIGHTS) + len(SHARD)) / (8 * MIB) - 0.3


def test_reuses_the_hugging_face_cache(hub: Hub, session: Session, tmp_path: Path) -> None:
    listing = list_repository(session, "org/m")
    file = listing.file("model.safetensors")
    assert file is not None
    cached = tmp_path / "cache" / "models--org--m" / "blobs" / file.sha256
    cached.parent.mkdir(parents=True)
    cached.write_bytes(WEIGHTS)
    job, _ = fetch(session, tmp_path / "d", FetchOptions(cache=tmp_path / "cache", block_bytes=MIB))
    with job:
        job.wait()
        assert job.is_cached("model.safetensors") and not job.is_cached("config.json")
    assert_right(tmp_path / "d")
    assert not hub.requests(file.sha256)
    job.discard()
    assert cached.read_bytes() == WEIGHTS


def test_a_damaged_cache_is_not_believed_nor_touched(session: Session, tmp_path: Path) -> None:
    file = list_repository(session, "org/m").file("model.safetensors")
    assert file is not None
    cached = tmp_path / "cache" / "models--org--m" / "blobs" / file.sha256
    cached.parent.mkdir(parents=True)
    cached.write_bytes(bytes(len(WEIGHTS)))
    fetch_all(session, tmp_path / "d", cache=tmp_path / "cache")
    assert_right(tmp_path / "d")
    assert cached.read_bytes() == bytes(len(WEIGHTS))


def test_ranges_come_before_the_whole_file(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.bytes_per_second = MIB
    job, _ = fetch(session, tmp_path / "d", FetchOptions(connections=1, block_bytes=MIB, save_bytes=65536))
    with job:
        path = job.wait_for("sub/tail.safetensors", 0, 100_000)
        with path.open("rb") as file:
            assert file.read(100_000) == SHARD[:100_000]
        assert path.name.endswith(".part")
        hub.bytes_per_second = 0


def test_a_consumed_shard_is_deleted_and_never_fetched_again(hub: Hub, session: Session, tmp_path: Path) -> None:
    job, _ = fetch(session, tmp_path / "d")
    with job:
        assert job.wait_for("model.safetensors").read_bytes() == WEIGHTS
        job.consumed("model.safetensors")
        assert not (tmp_path / "d" / "model.safetensors").exists()
        job.wait()
    hub.sent_bytes = 0
    again, _ = fetch(session, tmp_path / "d")
    with again:
        again.wait()
        assert again.is_consumed("model.safetensors")
        with pytest.raises(ModelyardError) as caught:
            again.wait_for("model.safetensors")
        assert caught.value.code is Code.FILE_MISSING
    assert hub.sent_bytes == 0


def test_does_not_run_ahead_of_the_consumer(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.add("org/many", {f"model-{n}.safetensors": bytes([n]) * MIB for n in range(6)})
    listing = list_repository(session, "org/many")
    options = FetchOptions(ahead_bytes=2 * MIB, block_bytes=MIB)
    job, _ = fetch(session, tmp_path / "d", options, listing)
    most = 0
    with job:
        job.prioritise([f"model-{n}.safetensors" for n in (3, 1, 0, 2, 4, 5)])
        for name in [f"model-{n}.safetensors" for n in (3, 1, 0, 2, 5, 4)]:
            assert job.wait_for(name).stat().st_size == MIB
            time.sleep(0.1)
            most = max(most, sum(p.stat().st_size for p in (tmp_path / "d").glob("model-*s*") if "json" not in p.name))
            job.consumed(name)
    assert most <= 3 * MIB


def test_unsafe_names_are_refused(hub: Hub, session: Session, tmp_path: Path) -> None:
    hub.add("org/bad", {"../../evil.safetensors": b"x"})
    with pytest.raises(ModelyardError) as caught:
        fetch(session, tmp_path / "d", listing=list_repository(session, "org/bad"))
    assert caught.value.code is Code.HUB_FILE_NAME_UNSAFE


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, Code.DISK_FULL), (errno.EACCES, Code.FOLDER_NOT_WRITABLE)])
def test_a_disk_that_refuses_is_told_with_numbers_and_what_came_stays(
    hub: Hub, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: Code
) -> None:
    real, written = sink._write_all, [0]

    def limited(target: BinaryIO, pieces: list[bytes]) -> None:
        if written[0] > 2 * MIB:
            raise OSError(number, os.strerror(number))
        real(target, pieces)
        written[0] += sum(map(len, pieces))

    monkeypatch.setattr(sink, "_write_all", limited)
    with pytest.raises(ModelyardError) as caught:
        fetch_all(session, tmp_path / "d")
    assert caught.value.code is code and caught.value.fields["folder"] == str(tmp_path / "d")
    monkeypatch.setattr(sink, "_write_all", real)
    hub.sent_bytes = 0
    fetch_all(session, tmp_path / "d")
    assert_right(tmp_path / "d")
    assert hub.sent_bytes < len(WEIGHTS) + len(SHARD)


def test_a_folder_that_cannot_be_written_is_named(session: Session, tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"a file where the folder should be")
    with pytest.raises(ModelyardError) as caught:
        fetch(session, tmp_path / "d")
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE
