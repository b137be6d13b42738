"""Ollama's folder by its own rules: both trees of manifests, lists, links; what is left over and what is not."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.engines.base import InstallRequest, Ownership
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.leftovers import LeftoverKind, find_leftovers, remove_leftovers, remove_orphan
from modelyard.engines.ollama.store import Store, UnreadableManifest, default_root, store_of_blob
from modelyard.events import CancelToken
from modelyard.modelfile.persona import Persona
from tests.builders.ollama_gguf import write_gguf
from tests.builders.ollama_server import OllamaServer

Connect = Callable[[OllamaServer], OllamaEngine]


class Folder:
    """A model folder made by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs").mkdir(parents=True)

    def blob(self, data: bytes, name: str = "") -> str:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        path = self.root / "blobs" / (name or digest.replace(":", "-"))
        path.write_bytes(data)
        old = time.time() - 7200
        os.utime(path, (old, old))
        return digest

    def manifest(self, *layers: str) -> bytes:
        entries = [{"digest": layer, "size": 1} for layer in layers]
        return json.dumps({"config": {"digest": self.blob(b"config")}, "layers": entries}).encode()

    def tag(self, tree: str, path: str, data: bytes, how: str = "file") -> None:
        target = self.root / tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if how == "file":
            target.write_bytes(data)
            return
        digest = self.blob(data)
        blob = self.root / "blobs" / digest.replace(":", "-")
        target.hardlink_to(blob) if how == "hardlink" else target.symlink_to(os.path.relpath(blob, target.parent))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "models")


def names(store: Store) -> set[str]:
    return {leftover.path.name for leftover in find_leftovers(store)}


@pytest.mark.parametrize("how", ["file", "hardlink", "symlink"])
def test_the_new_tree_in_all_its_forms(folder: Folder, how: str) -> None:
    layer = folder.blob(b"weights")
    folder.tag("manifests-v2", "ollama.com/library/m/latest", folder.manifest(layer), how)
    store = Store(folder.root)
    (model,) = store.models()
    assert model.name == "m:latest"
    assert layer in model.digests
    assert names(store) == set()


def test_both_trees_are_read(folder: Folder) -> None:
    old, new = folder.blob(b"old"), folder.blob(b"new")
    folder.tag("manifests", "registry.ollama.ai/library/a/latest", folder.manifest(old))
    folder.tag("manifests-v2", "reg%3A5000/user/b/v2", folder.manifest(new), "symlink")
    store = Store(folder.root)
    assert {model.name for model in store.models()} == {"a:latest", "reg:5000/user/b:v2"}
    assert names(store) == set()


def test_a_list_of_manifests_is_followed(folder: Folder) -> None:
    inner = folder.manifest(folder.blob(b"ggml weights"))
    digest = folder.blob(inner)
    listed = json.dumps({"manifests": [{"digest": digest, "runner": "ggml", "format": "gguf"}]}).encode()
    folder.tag("manifests-v2", "ollama.com/library/m/latest", listed, "symlink")
    assert names(Store(folder.root)) == set()


def test_what_is_left_over(folder: Folder) -> None:
    used = folder.blob(b"used")
    folder.tag("manifests", "registry.ollama.ai/library/m/latest", folder.manifest(used))
    orphan = folder.blob(b"orphan" * 10).replace(":", "-")
    folder.blob(b"part", "sha256-" + "a" * 64 + "-partial-0")
    folder.blob(b"temp", "COPY123")
    recent = folder.root / "blobs" / ("sha256-" + "b" * 64)
    recent.write_bytes(b"just arriving")
    store = Store(folder.root)
    found = {leftover.path.name: leftover.kind for leftover in find_leftovers(store)}
    assert found == {
        orphan: LeftoverKind.ORPHAN,
        "sha256-" + "a" * 64 + "-partial-0": LeftoverKind.PARTIAL,
        "COPY123": LeftoverKind.WORK,
    }
    freed = remove_leftovers(store, find_leftovers(store))
    assert freed == 60 + 4 + 4
    assert names(store) == set()
    assert recent.exists()
    assert store.blob(used).exists()


@pytest.mark.parametrize("text", [b"", b"not json", b"[]", b'{"layers": 3}', b'{"layers": [3]}'])
def test_one_unreadable_manifest_and_nothing_is_called_an_orphan(folder: Folder, text: bytes) -> None:
    folder.blob(b"maybe somebody's")
    folder.tag("manifests", "registry.ollama.ai/library/m/latest", text)
    store = Store(folder.root)
    with pytest.raises(UnreadableManifest):
        store.models()
    assert find_leftovers(store) == []
    assert store.freed_by("m") is None


def test_one_unreadable_folder_and_nothing_is_called_an_orphan(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = folder.blob(b"somebody's weights")
    folder.tag("manifests", "registry.ollama.ai/private/m/latest", folder.manifest(layer))
    real = os.scandir

    def scandir(path: str) -> object:
        if "private" in str(path):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find_leftovers(Store(folder.root)) == []


def test_a_dangling_link_is_unreadable(folder: Folder) -> None:
    folder.blob(b"x")
    link = folder.root / "manifests-v2" / "ollama.com" / "library" / "m" / "latest"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../../../blobs/sha256-gone")
    assert find_leftovers(Store(folder.root)) == []


def test_what_became_used_meanwhile_stays(folder: Folder) -> None:
    digest = folder.blob(b"weights")
    store = Store(folder.root)
    chosen = find_leftovers(store)
    folder.tag("manifests", "registry.ollama.ai/library/m/latest", folder.manifest(digest))
    assert remove_leftovers(store, chosen) == 0
    assert not remove_orphan(store, digest)
    assert store.blob(digest).exists()


def test_a_store_of_somebody_else_is_only_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = folder.blob(b"orphan")
    store = Store(folder.root)
    monkeypatch.setattr(os, "geteuid", lambda: 4711, raising=False)
    assert not store.is_ours
    assert len(find_leftovers(store)) == 1
    assert remove_leftovers(store, find_leftovers(store)) == 0
    assert not remove_orphan(store, digest)


def test_a_store_that_may_not_even_be_seen(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Linux service keeps its models in a folder that other users cannot enter."""
    blob = str(Store(folder.root).blob("sha256:" + "a" * 64))
    real = Path.stat

    def stat(self: Path, **named: bool) -> os.stat_result:
        if folder.root in self.parents:
            raise PermissionError(13, "Permission denied")
        return real(self, **named)

    monkeypatch.setattr(Path, "stat", stat)
    store = Store(folder.root)
    assert not store.present
    assert not store.is_ours
    assert store_of_blob(blob) is None
    assert store.freed_by("m") is None
    assert find_leftovers(store) == []


def test_nothing_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere")
    assert not store.is_ours
    assert find_leftovers(store) == []
    assert store.freed_by("m") is None


def test_where_the_store_is(tmp_path: Path) -> None:
    assert default_root({"OLLAMA_MODELS": ' "/data/m" '}, tmp_path) == Path("/data/m")
    assert default_root({}, tmp_path) == tmp_path / ".ollama" / "models"
    blobs = tmp_path / "models" / "blobs"
    blobs.mkdir(parents=True)
    assert store_of_blob(str(blobs / ("sha256-" + "a" * 64))) == Store(tmp_path / "models")
    assert store_of_blob(str(blobs / "other")) is None
    assert store_of_blob("/nowhere/blobs/sha256-" + "a" * 64) is None
    assert store_of_blob("m:latest") is None


def test_the_servers_own_store_has_no_leftovers(server: OllamaServer, connect: Connect, tmp_path: Path) -> None:
    engine = connect(server)
    path = write_gguf(tmp_path / "m.gguf")
    request = InstallRequest("m", path, Ownership.OURS, Persona(system="S"))
    engine.install(request, lambda event: None, CancelToken())
    engine.update("m", Persona(system="T"), lambda event: None, CancelToken())
    store = engine.store()
    assert store is not None
    assert find_leftovers(store, now=time.time() + 7200) == []
    assert engine.leftovers() == []
    assert engine.remove_leftovers([]) == 0
    assert engine.remove("m") > 0
    assert sum(1 for entry in store.blobs.iterdir() if entry.stat().st_size > 64) == 0
