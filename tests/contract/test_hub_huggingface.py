"""The test Hub is believed because Hugging Face's own library works against it, unchanged, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.builders.hub_server import ALICE, BOB, READER, running_hub

WEIGHTS = bytes(range(256)) * 5000
DRIVER = """
import json, sys
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
url, alice, bob, reader, folder = sys.argv[1:]
api, anonymous = HfApi(endpoint=url, token=alice), HfApi(endpoint=url, token=False)
def kind(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "fine"
info = api.model_info("org/m", files_metadata=True, timeout=10)
result = {
    "whoami": api.whoami()["name"],
    "files": {s.rfilename: [s.size, s.lfs.sha256 if s.lfs else s.blob_id] for s in info.siblings},
    "card": info.card_data.to_dict(),
    "search": [m.id for m in api.list_models(search="org/m")],
    "tree": sorted(f.path for f in api.list_repo_tree("org/m", recursive=True)),
    "missing": kind(lambda: anonymous.model_info("org/none")),
    "revision": kind(lambda: api.model_info("org/m", revision="none")),
    "gated anonymous": kind(lambda: anonymous.hf_hub_download("org/gated", "config.json")),
    "gated bob": kind(lambda: HfApi(endpoint=url, token=bob).hf_hub_download("org/gated", "config.json")),
    "gated alice": kind(lambda: api.hf_hub_download("org/gated", "config.json")),
    "auth check": kind(lambda: HfApi(endpoint=url, token=bob).auth_check("org/gated")),
    "reader creates": kind(lambda: HfApi(endpoint=url, token=reader).create_repo("carol/x")),
    "renamed": api.model_info("org/old").id,
}
path = api.snapshot_download("org/m", local_dir=folder + "/snapshot")
result["snapshot"] = open(path + "/model.safetensors", "rb").read() == bytes(range(256)) * 5000
api.create_repo("alice/new", private=True)
result["exists"] = kind(lambda: api.create_repo("alice/new"))
open(folder + "/m.gguf", "wb").write(b"GGUF" * 1000)
api.upload_file(path_or_fileobj=b"# hi", path_in_repo="README.md", repo_id="alice/new")
api.upload_file(path_or_fileobj=folder + "/m.gguf", path_in_repo="m.gguf", repo_id="alice/new")
print(json.dumps(result))
"""


def test_huggingface_hub_works_against_it(tmp_path: Path) -> None:
    with running_hub() as hub:
        files = {"model.safetensors": WEIGHTS, "config.json": b"{}", "sub/x.json": b"[]"}
        repo = hub.add("org/m", files, card={"license": "mit"})
        hub.add("org/gated", {"config.json": b"{}"}, gated="manual", people={"alice": "allowed"})
        hub.renamed["org/old"] = "org/m"
        environment = {
            **os.environ,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        }
        command = [sys.executable, "-c", DRIVER, hub.url, ALICE, BOB, READER, str(tmp_path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr[-3000:]
        result = json.loads(done.stdout.splitlines()[-1])
        assert result["files"]["model.safetensors"] == [len(WEIGHTS), repo.files["model.safetensors"].sha256]
        assert result["files"]["config.json"] == [2, repo.files["config.json"].git_oid]
        uploaded = hub.repos["alice/new"].files
        assert uploaded["README.md"].data == b"# hi" and uploaded["m.gguf"].data == b"GGUF" * 1000
    assert result["whoami"] == "alice" and result["card"]["license"] == "mit"
    assert result["search"] == ["org/m"] and result["renamed"] == "org/m" and result["snapshot"]
    assert result["tree"] == ["config.json", "model.safetensors", "sub/x.json"]
    assert (result["missing"], result["revision"]) == ("RepositoryNotFoundError", "RevisionNotFoundError")
    assert (result["gated anonymous"], result["gated bob"], result["gated alice"]) == (
        "GatedRepoError",
        "GatedRepoError",
        "fine",
    )
    assert (result["auth check"], result["reader creates"], result["exists"]) == (
        "GatedRepoError",
        "HfHubHTTPError",
        "HfHubHTTPError",
    )
