"""HTTPS: certificates are checked, the system's own are trusted, and a silent server can still be left at once."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import Cancelled, Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.hub import network
from modelyard.hub.endpoints import endpoint_at
from modelyard.hub.fetch.fetch import Fetch
from modelyard.hub.look import list_repository
from modelyard.hub.session import Session
from tests.builders.hub_server import Fault, Hub

WEIGHTS = random.Random(6).randbytes(3_000_000)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes(made.read_bytes() + key.read_bytes())
    return both


@pytest.fixture
def hub(certificate: Path) -> Iterator[Hub]:
    hub = Hub().start(certificate)
    hub.add("org/m", {"model.safetensors": WEIGHTS, "config.json": b"{}"})
    try:
        yield hub
    finally:
        hub.stop()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system trusts the server's certificate, as it would a company's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    network._certificates.cache_clear()
    yield
    network._certificates.cache_clear()


def test_an_unknown_certificate_is_refused(hub: Hub) -> None:
    with Session(endpoint_at(hub.url)) as session, pytest.raises(ModelyardError) as caught:
        list_repository(session, "org/m")
    assert caught.value.code is Code.HUB_CERTIFICATE


@pytest.mark.usefixtures("trusted")
def test_the_system_store_counts(hub: Hub, tmp_path: Path) -> None:
    with Session(endpoint_at(hub.url)) as session:
        listing = list_repository(session, "org/m")
        with Fetch(session, listing, listing.files, tmp_path / "d", lambda _: None) as job:
            job.wait()
    assert (tmp_path / "d" / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.usefixtures("trusted")
def test_cancel_does_not_wait_for_a_silent_server(hub: Hub, tmp_path: Path) -> None:
    hub.faults = [Fault("GET /_lfs/", count=99, stall_after=100_000)]
    cancel = CancelToken()
    with Session(endpoint_at(hub.url)) as session:
        listing = list_repository(session, "org/m")
        timer = threading.Timer(0.7, cancel.cancel)
        timer.start()
        with Fetch(session, listing, listing.files, tmp_path / "d", lambda _: None) as job:
            with pytest.raises(Cancelled):
                job.wait(cancel)
            began = time.monotonic()
            job.close()
            assert time.monotonic() - began < 10
        timer.join()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hub-")]
