"""What may go: found with its kind and size, removed only when asked for and still there, never what is in use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.engines.base import Engine, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.engines.ollama.engine import OllamaEngine
from modelyard.engines.ollama.store import Store
from modelyard.events import CancelToken
from modelyard.host.folders import Folders
from modelyard.importing.describe import describe
from modelyard.importing.free_space import Found, FreeSpace, freed_by_removing
from modelyard.importing.jobs import JobBook, JobState
from modelyard.importing.plan import ImportChoice, ImportPlan
from modelyard.importing.planning import work_key
from modelyard.importing.sources import GgufFile
from modelyard.words.catalogue import LANGUAGES, catalogue
from tests.builders.gguf_files import tiny_llama
from tests.builders.ollama_gguf import CHATML
from tests.builders.ollama_server import OllamaServer


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "数据")
    made.make()
    return made


def space(folders: Folders, **engines: Engine) -> FreeSpace:
    return FreeSpace(folders, folders.work, JobBook(folders.jobs), engines)


def fill(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def plan(name: str) -> ImportPlan:
    choice = ImportChoice(size="as-is", engine="builtin", name=name)
    return ImportPlan(GgufFile(Path("/x") / name), choice, (), (), 0, "gguf")


def test_every_kind_is_found_with_its_size(folders: Folders) -> None:
    fill(folders.downloads / "Qwen" / "Qwen2.5" / "model.safetensors", 300_000)
    fill(folders.downloads / "google" / "gemma" / "a.gguf.part", 200_000)
    fill(folders.work / "nobody" / "model.gguf.part", 400_000)
    fill(folders.cache / "list.json", 100_000)
    found = {each.kind: each for each in space(folders).find()}
    assert set(found) == {Found.ORIGINAL, Found.PARTIAL, Found.LEFTOVER, Found.CACHE}
    assert found[Found.ORIGINAL].title == "Qwen/Qwen2.5"
    assert found[Found.PARTIAL].costs and not found[Found.LEFTOVER].costs
    assert 300_000 <= found[Found.ORIGINAL].size_bytes < 320_000
    assert space(folders).find()[0].kind is Found.LEFTOVER  # largest first


def test_only_what_was_chosen_goes(folders: Folders) -> None:
    original = fill(folders.downloads / "Qwen" / "Qwen2.5" / "model.safetensors", 300_000)
    fill(folders.work / "nobody" / "model.gguf.part", 400_000)
    tidy = space(folders)
    freed = tidy.remove([each for each in tidy.find() if each.kind is Found.LEFTOVER])
    assert 400_000 <= freed < 420_000
    assert original.exists() and not (folders.work / "nobody").exists()
    assert tidy.remove(tidy.find()) >= 300_000
    assert not any(folders.downloads.iterdir())  # the owner's empty folder too
    assert tidy.find() == []


def test_a_running_import_is_left_alone(folders: Folders) -> None:
    book = JobBook(folders.jobs)
    running, paused = book.add("Runs", plan("runs")), book.add("Waits", plan("waits"))
    book.save(replace(running, state=JobState.RUNNING))
    book.save(replace(paused, state=JobState.PAUSED, owner=""))
    for job in (running, paused):
        fill(folders.work / work_key(job.plan) / "model.gguf.part", 50_000)
    fill(folders.downloads / "a" / "b" / "c.part", 50_000)
    (only,) = space(folders).find()
    assert (only.kind, only.title, only.costs) == (Found.UNFINISHED, "Waits", True)


def test_what_came_into_use_meanwhile_stays(folders: Folders) -> None:
    book = JobBook(folders.jobs)
    job = book.add("Later", plan("later"))
    kept = fill(folders.work / work_key(job.plan) / "model.gguf.part", 50_000)
    book.save(replace(job, state=JobState.PAUSED, owner=""))
    tidy = space(folders)
    chosen = tidy.find()
    book.save(replace(job, state=JobState.RUNNING))
    assert tidy.remove(chosen) == 0
    assert kept.exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_are_not_followed(folders: Folders, tmp_path: Path) -> None:
    theirs = fill(tmp_path / "theirs" / "model" / "weights.bin", 80_000)
    (folders.downloads / "link").symlink_to(tmp_path / "theirs")
    (folders.cache / "link").symlink_to(tmp_path / "theirs")
    tidy = space(folders)
    tidy.remove(tidy.find())
    assert theirs.exists()


# --- Ollama ------------------------------------------------------------------------------------------------------


def orphan(server: OllamaServer, digit: str, name: str = "sha256-") -> Path:
    path = fill(server.store.blobs / (name + digit * 64), 70_000)
    os.utime(path, (1, 1))
    return path


@pytest.fixture
def ollama(new_server: OllamaServer, connect: Callable[[OllamaServer], OllamaEngine], tmp_path: Path) -> OllamaEngine:
    engine = connect(new_server)
    gguf = tiny_llama(chat_template=CHATML).write(tmp_path / "tiny.gguf")
    engine.install(InstallRequest("tiny", gguf, Ownership.THEIRS), lambda _event: None, CancelToken())
    return engine


def test_what_ollama_forgot(folders: Folders, new_server: OllamaServer, ollama: OllamaEngine) -> None:
    lost, half = orphan(new_server, "a"), orphan(new_server, "b")
    half = half.rename(half.with_name(half.name + "-partial"))
    tidy = space(folders, ollama=ollama)
    found = {each.kind: each for each in tidy.find()}
    assert found[Found.OLLAMA_ORPHAN].paths == (lost,) and found[Found.OLLAMA_PARTIAL].paths == (half,)
    assert tidy.remove([found[Found.OLLAMA_ORPHAN]]) == 70_000
    assert not lost.exists() and half.exists()
    assert [model.name for model in ollama.models()] == ["tiny:latest"]


def test_a_store_of_somebody_else_is_only_shown(
    folders: Folders, new_server: OllamaServer, ollama: OllamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = orphan(new_server, "a")
    monkeypatch.setattr(Store, "is_ours", property(lambda _self: False))
    tidy = space(folders, ollama=ollama)
    (only,) = tidy.find()
    assert not only.removable
    assert tidy.remove([only]) == 0
    assert lost.exists()


# --- before a model is removed -----------------------------------------------------------------------------------


@pytest.fixture
def builtin(tmp_path: Path) -> Iterator[BuiltinEngine]:
    engine = BuiltinEngine(tmp_path / "models", describe=describe)
    yield engine
    engine.close()


def test_shared_weights_free_nothing(builtin: BuiltinEngine, ollama: OllamaEngine, tmp_path: Path) -> None:
    engines: tuple[Engine, ...] = (builtin, ollama)
    gguf = tmp_path / "tiny.gguf"
    builtin.install(InstallRequest("tiny", gguf, Ownership.THEIRS), lambda _event: None, CancelToken())
    for engine in engines:
        (model,) = engine.models()
        assert freed_by_removing(engine, model) >= gguf.stat().st_size
        engine.copy(model.name, "second")
        shared = freed_by_removing(engine, model)
        assert shared < 1000
        assert engine.remove(model.name) - shared < 5000  # only the small texts beside them
        (left,) = engine.models()
        assert freed_by_removing(engine, left) >= gguf.stat().st_size


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_words(language: str) -> None:
    words = catalogue(language).entries("space")
    assert {kind.value for kind in Found} == set(words)
    assert all(entry["title"] and entry["text"] for entry in words.values())
