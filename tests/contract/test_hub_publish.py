"""Publishing over real HTTP: rights first, large files one by one, parts, resume, cancel; the card."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken, Event
from modelyard.host.secrets import Secret
from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.network import Network
from modelyard.hub.publish import files as publish_files
from modelyard.hub.publish.card import Card, CardFile, model_card, ollama_files
from modelyard.hub.publish.files import PublishFile
from modelyard.hub.publish.publish import PublishJob, check_publish, publish
from modelyard.hub.session import Credentials, Session
from tests.builders.hub_server import ALICE, BOB, FINE, READER, Fault, Hub, running_hub

WEIGHTS = random.Random(2).randbytes(3_000_000)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


def session_for(hub: Hub, key: str = ALICE) -> Session:
    endpoint = endpoint_at(hub.url)
    credentials = Credentials(Secret(key) if key else None, endpoint.host)
    return Session(endpoint, credentials, Network(read_seconds=20.0))


def job_for(folder: Path, repository: str = "alice/mario", *, private: bool = False) -> PublishJob:
    for name in ("mario-Q4_K_M.gguf", "mario-Q8_0.gguf"):
        (folder / name).write_bytes(name.encode() + WEIGHTS)
    persona = ollama_files("{{ .Prompt }}", "You are Mario.", {"temperature": 0.7, "stop": ["<|im_end|>"]})
    card = Card("Mario", repository, (CardFile("mario-Q4_K_M.gguf", "Q4_K_M", 3_000_000),), "org/base", "apache-2.0")
    files = [PublishFile(p.name, p) for p in sorted(folder.glob("*.gguf"))]
    files += [PublishFile(name, content=content) for name, content in persona.items()]
    files.append(PublishFile("README.md", content=model_card(card)))
    return PublishJob(repository, tuple(files), private)


def run(hub: Hub, job: PublishJob, key: str = ALICE) -> list[Event]:
    seen: list[Event] = []
    with session_for(hub, key) as session:
        assert publish(session, job, seen.append, CancelToken()) == f"{hub.url}/{job.repository}"
    return seen


@pytest.mark.parametrize("part_bytes", [0, 1_000_000])
@pytest.mark.parametrize("private", [False, True])
def test_everything_arrives(hub: Hub, tmp_path: Path, part_bytes: int, private: bool) -> None:
    hub.part_bytes = part_bytes
    job = job_for(tmp_path, private=private)
    seen = run(hub, job)
    repo = hub.repos["alice/mario"]
    assert repo.private is private
    assert {name: blob.data for name, blob in repo.files.items()} == {f.name: f.read() for f in job.files}
    assert repo.files["mario-Q8_0.gguf"].lfs and not repo.files["system"].lfs
    assert seen[-1].fields["done"] == seen[-1].fields["total"] == sum(f.size for f in job.files)
    assert all(not request.key for request in hub.requests("PUT "))  # storage is another host


def test_an_organization_of_mine(hub: Hub, tmp_path: Path) -> None:
    run(hub, job_for(tmp_path, "studio/mario"))
    assert "studio/mario" in hub.repos


def test_a_second_run_sends_nothing(hub: Hub, tmp_path: Path) -> None:
    job = job_for(tmp_path)
    run(hub, job)
    hub.seen.clear()
    run(hub, job)
    assert not hub.requests("PUT |/commit/")


def test_goes_on_after_a_failure(hub: Hub, tmp_path: Path) -> None:
    job = job_for(tmp_path)
    hub.faults = [Fault("POST /api/models/alice/mario/commit", spared=1, status=500)]
    with pytest.raises(ModelyardError) as caught:
        run(hub, job)
    assert caught.value.code is Code.HUB_SERVER_ERROR
    hub.seen.clear()
    run(hub, job)
    assert len(hub.requests("PUT ")) <= 1
    assert set(hub.repos["alice/mario"].files) == {file.name for file in job.files}


def test_passing_faults_of_the_storage_are_tried_again(hub: Hub, tmp_path: Path) -> None:
    hub.faults = [Fault("PUT /_lfs/", count=2, status=500)]
    job = job_for(tmp_path)
    seen = run(hub, job)
    assert seen[-1].fields["done"] == seen[-1].fields["total"]
    assert hub.repos["alice/mario"].files["mario-Q4_K_M.gguf"].data == job.files[0].read()


def test_cancel_takes_effect_at_once_also_when_the_server_is_silent(hub: Hub, tmp_path: Path) -> None:
    hub.slow_uploads = 30.0
    cancel = CancelToken()
    asked: list[float] = []

    def stop() -> None:
        asked.append(time.monotonic())
        cancel.cancel()

    timer = threading.Timer(0.7, stop)
    timer.start()
    with session_for(hub) as session, pytest.raises(Cancelled):
        publish(session, job_for(tmp_path), lambda _: None, cancel)
    assert time.monotonic() - asked[0] < 10
    timer.join()


@pytest.mark.parametrize(
    ("key", "repository", "code"),
    [
        ("", "alice/m", Code.HUB_NO_KEY),
        (READER, "carol/m", Code.HUB_KEY_READ_ONLY),
        (BOB, "alice/m", Code.HUB_PUBLISH_NOT_YOURS),
        (FINE, "studio/m", Code.HUB_PUBLISH_NOT_YOURS),
        (ALICE, "mario", Code.HUB_PUBLISH_NAME),
        (ALICE, "alice/ma--rio", Code.HUB_PUBLISH_NAME),
        (ALICE, "alice/马里奥", Code.HUB_PUBLISH_NAME),
        ("hf_wrongKey0123456789", "alice/m", Code.HUB_KEY_INVALID),
    ],
)
def test_known_before_anything_is_sent(hub: Hub, tmp_path: Path, key: str, repository: str, code: Code) -> None:
    with session_for(hub, key) as session:
        with pytest.raises(ModelyardError) as caught:
            check_publish(session, repository)
        with pytest.raises(ModelyardError):
            publish(session, job_for(tmp_path, repository), lambda _: None, CancelToken())
    assert caught.value.code is code
    assert not hub.requests("POST |PUT ")


def test_files_that_are_not_there_or_too_large(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with session_for(hub) as session, pytest.raises(ModelyardError) as missing:
        publish(session, PublishJob("alice/m", (PublishFile("a.gguf", tmp_path / "none"),)), print, CancelToken())
    monkeypatch.setattr(publish_files, "FILE_LIMIT", 1000)
    with session_for(hub) as session, pytest.raises(ModelyardError) as large:
        publish(session, job_for(tmp_path), print, CancelToken())
    assert (missing.value.code, large.value.code) == (Code.FILE_MISSING, Code.HUB_PUBLISH_FILE_TOO_LARGE)


def test_the_card_says_what_people_need() -> None:
    import yaml

    files = (CardFile("m-Q4_K_M.gguf", "Q4_K_M", 4_700_000_000), CardFile("m-Q8_0.gguf", "Q8_0", 8_500_000_000))
    text = model_card(Card("Mario | <b>", "alice/mario", files, "org/base", "apache-2.0", persona=True)).decode()
    _, front, body = text.split("---\n", 2)
    metadata = yaml.safe_load(front)
    assert metadata["base_model"] == "org/base" and metadata["base_model_relation"] == "quantized"
    assert metadata["license"] == "apache-2.0" and "gguf" in metadata["tags"]
    assert "| `m-Q4_K_M.gguf` | Q4_K_M | 4.70 GB |" in body
    assert "ollama run hf.co/alice/mario:Q4_K_M" in body
    assert "<b>" not in body


def test_the_card_without_a_base_and_with_a_hostile_one() -> None:
    for base in ("", "x\n---\nevil: true"):
        text = model_card(Card("M", "a/b", (), base)).decode()
        assert "base_model" not in text and "evil" not in text


def test_persona_files_as_ollama_reads_them() -> None:
    files = ollama_files("", "You are Mario.", {"stop": ["</s>"]})
    assert sorted(files) == ["params", "system"]
    assert files["params"].decode() == '{\n  "stop": [\n    "</s>"\n  ]\n}'
