"""Looking at repositories over real HTTP: listings, ranges, who may read what, search, faults."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import Action, Cancelled, Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.host.secrets import Secret
from modelyard.hub.account import whoami
from modelyard.hub.endpoints import Endpoint, endpoint_at
from modelyard.hub.look import check_access, list_repository, open_remote, read_small, search
from modelyard.hub.network import Network
from modelyard.hub.probe import probe, probe_all
from modelyard.hub.remote_file import prefetch
from modelyard.hub.session import Credentials, Session
from tests.builders.hub_server import ALICE, BOB, FINE, READER, Fault, Hub, running_hub

WEIGHTS = random.Random(1).randbytes(3_000_000)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        card = {"license": "apache-2.0", "base_model": "org/base", "base_model_relation": "quantized"}
        files = {"config.json": b"{}", "model.safetensors": WEIGHTS}
        hub.add("org/open", files, card=card, tags=["gguf", "license:mit", "base_model:quantized:org/base"])
        people = {"alice": "allowed", "carol": "pending"}
        hub.add("org/gated", {"config.json": b"{}"}, gated="manual", people=people)
        hub.add("org/strict", {"config.json": b"{}"}, gated="manual", people={"alice": "rejected"})
        hub.add("alice/private", {"config.json": b"{}"}, private=True)
        yield hub


def session_for(hub: Hub, key: str = "", *, to_mirror: bool = False, host: str = "") -> Session:
    endpoint = endpoint_at(hub.url)
    credentials = Credentials(Secret(key) if key else None, host or endpoint.host, to_mirror)
    return Session(endpoint, credentials, Network(read_seconds=2.0))


def refused(hub: Hub, repository: str, key: str = "") -> ModelyardError:
    with session_for(hub, key) as session, pytest.raises(ModelyardError) as caught:
        check_access(session, repository)
    return caught.value


def test_a_listing_tells_everything_at_once(hub: Hub) -> None:
    with session_for(hub) as session:
        listing = list_repository(session, "org/open")
    assert listing.revision == hub.repos["org/open"].sha
    assert listing.licence == "apache-2.0" and listing.base_models == ("org/base",)
    assert listing.gated == ""
    weights = listing.file("model.safetensors")
    assert weights is not None and weights.size == len(WEIGHTS) and len(weights.sha256) == 64
    config = listing.file("config.json")
    assert config is not None and len(config.git_oid) == 40 and not config.sha256
    assert len(hub.seen) == 1


def test_a_listing_at_a_commit_and_at_none(hub: Hub) -> None:
    with session_for(hub) as session:
        sha = hub.repos["org/open"].sha
        assert list_repository(session, "org/open", sha).revision == sha
        with pytest.raises(ModelyardError) as caught:
            list_repository(session, "org/open", "v9")
    assert caught.value.code is Code.HUB_REVISION_MISSING


def test_a_renamed_repository_is_found(hub: Hub) -> None:
    hub.renamed["org/old"] = "org/open"
    with session_for(hub) as session:
        assert list_repository(session, "org/old").id == "org/open"


def test_a_redirect_to_no_address(hub: Hub) -> None:
    hub.faults.append(Fault("GET /api/models.*", status=302, headers={"Location": "//["}))
    with session_for(hub) as session, pytest.raises(ModelyardError) as caught:
        list_repository(session, "org/open")
    assert caught.value.code is Code.HUB_ANSWER_INVALID


def test_small_files_and_ranges(hub: Hub) -> None:
    with session_for(hub) as session:
        listing = list_repository(session, "org/open")
        assert read_small(session, listing, "config.json") == b"{}"
        remote = open_remote(session, listing, "model.safetensors")
        assert (remote.name, remote.size) == ("model.safetensors", len(WEIGHTS))
        assert remote.read_at(0, 8) == WEIGHTS[:8]
        assert remote.read_at(8, 1000) == WEIGHTS[8:1008]
        assert remote.read_at(500_000, 10) == WEIGHTS[500_000:500_010]
        assert remote.read_at(len(WEIGHTS) - 5, 100) == WEIGHTS[-5:]
        assert remote.fetched_bytes < 50_000
        for start in range(0, 200_000, 1000):
            assert remote.read_at(start, 1000) == WEIGHTS[start : start + 1000]
        with pytest.raises(ModelyardError) as missing:
            open_remote(session, listing, "none.bin")
        with pytest.raises(ModelyardError) as large:
            read_small(session, listing, "model.safetensors", limit=1000)
    assert missing.value.code is Code.HUB_FILE_MISSING
    assert large.value.code is Code.HUB_FILE_TOO_LARGE
    assert len(hub.requests("/_lfs/")) < 14  # read ahead, not a request a read


def test_many_headers_at_once(hub: Hub) -> None:
    hub.add("org/shards", {f"model-{n}.safetensors": WEIGHTS[n:] for n in range(12)})
    with session_for(hub) as session:
        listing = list_repository(session, "org/shards")
        remotes = [open_remote(session, listing, file.path) for file in listing.files]
        prefetch(remotes, 4096)
        asked = len(hub.seen)
        assert all(remote.read_at(0, 100) for remote in remotes)
    assert len(hub.seen) == asked


def test_many_small_places_in_few_journeys(hub: Hub) -> None:
    """The states of packed weights: some side by side, some megabytes apart."""
    near = [(1000 + 300 * n, 80) for n in range(50)]
    far = [(500_000 * n, 100) for n in range(1, 6)]
    with session_for(hub) as session:
        remote = open_remote(session, list_repository(session, "org/open"), "model.safetensors")
        assert remote.read_at(0, 64) == WEIGHTS[:64]
        remote.expect([*far, *near, (len(WEIGHTS) - 10, 100), (0, 0)])
        asked = len(hub.seen)
        for offset, length in (*near, *far, (len(WEIGHTS) - 10, 100)):
            assert remote.read_at(offset, length) == WEIGHTS[offset : offset + length]
    assert len(hub.seen) == asked
    assert len(hub.requests("GET /_lfs/")) <= 1 + len(far) + 2


def test_a_header_without_end_is_refused(hub: Hub) -> None:
    with session_for(hub) as session:
        listing = list_repository(session, "org/open")
        remote = open_remote(session, listing, "model.safetensors")
        remote._budget = 100_000
        with pytest.raises(ModelyardError) as caught:
            remote.read_at(0, 1_000_000)
    assert caught.value.code is Code.HUB_FILE_TOO_LARGE


@pytest.mark.parametrize(
    ("repository", "key", "code", "action"),
    [
        ("org/gated", "", Code.HUB_GATED_NO_KEY, Action.OPEN_ACCOUNT),
        ("org/gated", BOB, Code.HUB_GATED_TERMS, Action.OPEN_PAGE),
        ("org/gated", READER, Code.HUB_GATED_PENDING, Action.OPEN_PAGE),
        ("org/gated", FINE, Code.HUB_GATED_KEY_LACKS_RIGHT, Action.OPEN_PAGE),
        ("org/strict", ALICE, Code.HUB_GATED_REJECTED, Action.OPEN_PAGE),
        ("alice/private", "", Code.HUB_REPO_MISSING_NO_KEY, Action.OPEN_ACCOUNT),
        ("alice/private", BOB, Code.HUB_REPO_MISSING, Action.CHOOSE_OTHER),
        ("org/none", "", Code.HUB_REPO_MISSING_NO_KEY, Action.OPEN_ACCOUNT),
        ("org/open", "hf_wrongKey0123456789", Code.HUB_KEY_INVALID, Action.OPEN_ACCOUNT),
    ],
)
def test_refusals_are_told_apart(hub: Hub, repository: str, key: str, code: Code, action: Action) -> None:
    error = refused(hub, repository, key)
    assert error.code is code and error.code.action is action
    if code.name.startswith("HUB_GATED"):
        expected = "/settings/tokens" if code is Code.HUB_GATED_KEY_LACKS_RIGHT else f"/{repository}"
        assert str(error.fields["url"]) == hub.url + expected
    assert key not in str(error) or not key


def test_a_recheck_after_the_terms_are_accepted(hub: Hub) -> None:
    assert refused(hub, "org/gated", BOB).code is Code.HUB_GATED_TERMS
    hub.repos["org/gated"].people["bob"] = "allowed"
    with session_for(hub, BOB) as session:
        check_access(session, "org/gated")


def test_the_list_of_a_gated_repository_is_open(hub: Hub) -> None:
    with session_for(hub) as session:
        listing = list_repository(session, "org/gated")
        assert listing.gated == "manual"
        with pytest.raises(ModelyardError) as caught:
            read_small(session, listing, "config.json")
    assert caught.value.code is Code.HUB_GATED_NO_KEY


def test_a_key_goes_to_a_mirror_only_with_consent(hub: Hub) -> None:
    with session_for(hub, ALICE, host="huggingface.co") as session, pytest.raises(ModelyardError) as caught:
        check_access(session, "org/gated")
    assert caught.value.code is Code.HUB_KEY_NOT_SENT
    assert not any(seen.key for seen in hub.seen)
    with session_for(hub, ALICE, host="huggingface.co", to_mirror=True) as session:
        check_access(session, "org/gated")


def test_search_as_you_type(hub: Hub) -> None:
    with session_for(hub) as session:
        assert search(session, "OPE") == ["org/open"]
        assert len(search(session, "", limit=2)) == 2


@pytest.mark.parametrize(
    ("key", "rights", "writes", "reads_gated"),
    [
        (ALICE, "write", ("alice", "studio"), True),
        (READER, "read", (), True),
        (FINE, "fine-grained", ("dave",), False),
    ],
)
def test_whose_key_it_is(hub: Hub, key: str, rights: str, writes: tuple[str, ...], reads_gated: bool) -> None:
    with session_for(hub, key) as session:
        account = whoami(session)
    assert (account.rights, account.can_write, account.reads_gated) == (rights, writes, reads_gated)


def test_whose_key_with_none_and_a_wrong_one(hub: Hub) -> None:
    with session_for(hub) as session, pytest.raises(ModelyardError) as none:
        whoami(session)
    with session_for(hub, "hf_wrongKey0123456789") as session, pytest.raises(ModelyardError) as wrong:
        whoami(session)
    assert (none.value.code, wrong.value.code) == (Code.HUB_NO_KEY, Code.HUB_KEY_INVALID)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_short_bursts_are_ridden_out(hub: Hub, status: int) -> None:
    hub.faults = [Fault("GET /api/models/org/open", count=2, status=status)]
    with session_for(hub) as session:
        if status == 429:  # it asks for more patience than a waiting person has
            with pytest.raises(ModelyardError) as caught:
                hub.faults[0].headers = {"Retry-After": "120"}
                list_repository(session, "org/open")
            assert caught.value.code is Code.HUB_RATE_LIMITED_NO_KEY and caught.value.fields["wait_seconds"] == 120
        else:
            assert list_repository(session, "org/open").id == "org/open"


def test_a_server_that_never_answers_is_left_in_time(hub: Hub) -> None:
    hub.faults = [Fault("GET /_lfs/", count=99, stall_after=100)]
    endpoint = endpoint_at(hub.url)
    with Session(endpoint, network=Network(read_seconds=0.5)) as session:
        listing = list_repository(session, "org/open")
        with pytest.raises(ModelyardError) as caught:
            open_remote(session, listing, "model.safetensors").read_at(0, 4096)
    assert caught.value.code is Code.HUB_UNREACHABLE


def test_nobody_there() -> None:
    with Session(Endpoint("http://127.0.0.1:9"), network=Network(connect_seconds=1)) as session:
        with pytest.raises(ModelyardError) as caught:
            list_repository(session, "org/open")
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            list_repository(session, "org/open", cancel=token)
    assert caught.value.code is Code.HUB_UNREACHABLE


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b'{"sha": 5}', b'{"sha": "a", "siblings": 3}', b"[" * 100_000]
)
def test_nonsense_for_a_listing(hub: Hub, answer: bytes) -> None:
    hub.raw["/api/models/org/odd"] = answer
    with session_for(hub) as session, pytest.raises(ModelyardError) as caught:
        list_repository(session, "org/odd")
    assert caught.value.code is Code.HUB_ANSWER_INVALID


def test_hostile_fields_of_a_listing_do_no_harm(hub: Hub) -> None:
    hub.raw["/api/models/org/odd"] = (
        b'{"sha":"a","id":7,"gated":{"x":1},"tags":[1,{}],"cardData":[],"siblings":[1,{"rfilename":3},'
        b'{"rfilename":"x","size":-1},{"rfilename":"y","size":true},{"rfilename":"z","size":4,"lfs":{"sha256":"zz"}}]}'
    )
    with session_for(hub) as session:
        listing = list_repository(session, "org/odd")
    assert [(file.path, file.size, file.sha256) for file in listing.files] == [("z", 4, "")]
    assert listing.id == "org/odd" and listing.gated == "" and listing.tags == ()


def test_sources_are_tested_and_sorted(hub: Hub, tmp_path: Path) -> None:
    hub.add("openai-community/gpt2", {"tokenizer.json": b"x" * 1_500_000})
    network = Network(connect_seconds=1)
    reports = probe_all([Endpoint("http://127.0.0.1:9"), endpoint_at(hub.url)], network)
    assert [report.reachable for report in reports] == [True, False]
    assert (reports[0].bytes_per_second or 0) > 0 and reports[0].answer_seconds > 0
    assert reports[1].fault is not None and reports[1].fault.code is Code.HUB_UNREACHABLE
    hub.raw["/api/models"] = b"<html>no Hub</html>"
    assert not probe(endpoint_at(hub.url), network).reachable
