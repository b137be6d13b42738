"""Models as folders: what stands in them, how they come in whole, what is left when a process dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.engines.base import ChatFormat, InstallRequest, Ownership
from modelyard.engines.builtin.engine import BuiltinEngine
from modelyard.engines.builtin.names import checked, folder_name, name_of_folder
from modelyard.engines.builtin.placing import parts_of
from modelyard.engines.builtin.shelf import Shelf
from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken, Event
from modelyard.importing.describe import describe
from modelyard.modelfile.persona import Persona
from tests.builders.gguf_files import projector_file, split_files, tiny_llama


@pytest.fixture
def engine(tmp_path: Path) -> BuiltinEngine:
    return BuiltinEngine(tmp_path / "models", describe=describe)


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    return tiny_llama(chat_template="{{ messages[0].content }}").write(tmp_path / "tiny.gguf")


def install(engine: BuiltinEngine, request: InstallRequest) -> Path:
    location = engine.install(request, lambda event: None, CancelToken()).location
    assert location is not None
    return location.parent


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Llama3.2", "llama3.2"),
        ("qwen2.5:0.5b", "qwen2.5@0.5b"),
        ("a:LATEST", "a"),
        ("CON", "_con"),
        ("com1.x", "_com1.x"),
        ("nul:1", "_nul@1"),
        ("console", "console"),
    ],
)
def test_names_become_folders_and_back(name: str, folder: str) -> None:
    assert folder_name(name) == folder
    assert name_of_folder(folder) == checked(name).lower()


@pytest.mark.parametrize("folder", ["_llama", "a b", ".new-1-2", "a@b@c", "ä", "a."])
def test_other_folders_are_no_models(folder: str) -> None:
    assert name_of_folder(folder) is None


def test_a_model_is_a_folder_people_can_read(engine: BuiltinEngine, gguf: Path) -> None:
    persona = Persona(name="Mario", system="You are Mario.", picture=b"\x89PNG\r\n\x1a\nrest")
    folder = install(engine, InstallRequest("Mario:1", gguf, Ownership.THEIRS, persona))
    assert sorted(path.name for path in folder.iterdir()) == [
        "Modelfile",
        "model.gguf",
        "modelyard.json",
        "picture.png",
    ]
    assert (folder / "Modelfile").read_text("utf-8") == "FROM ./model.gguf\nSYSTEM You are Mario.\n"
    [model] = engine.models()
    assert (model.name, model.display_name) == ("Mario:1", "Mario")
    assert engine.show("mario:1").persona == persona
    engine.update("mario:1", Persona(), lambda event: None, CancelToken())
    assert not (folder / "picture.png").exists()


def test_comments_of_a_modelfile_survive_an_update(engine: BuiltinEngine, gguf: Path) -> None:
    folder = install(engine, InstallRequest("m", gguf, Ownership.THEIRS, Persona(system="old")))
    text = "# by hand\nFROM ./model.gguf\n\nSYSTEM old\n# the end\n"
    (folder / "Modelfile").write_text(text, "utf-8")
    engine.update("m", Persona(system="new"), lambda event: None, CancelToken())
    assert (folder / "Modelfile").read_text("utf-8") == text.replace("old", "new")


def test_what_is_edited_by_hand_counts(engine: BuiltinEngine, gguf: Path) -> None:
    exact = "joined\u200bup"
    folder = install(engine, InstallRequest("m", gguf, Ownership.THEIRS, Persona(system=exact, template="a\u00a0b")))
    assert engine.show("m").persona.system == exact
    path = folder / "Modelfile"
    path.write_text(path.read_text("utf-8").replace("joinedup", "by hand"), "utf-8")
    persona = engine.show("m").persona
    assert (persona.system, persona.template) == ("by hand", "a\u00a0b")


def test_a_folder_made_by_hand_is_a_model(engine: BuiltinEngine, gguf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "handmade"
    folder.mkdir(parents=True)
    (folder / "Modelfile").write_text(f"FROM {gguf}\nSYSTEM hi\n", "utf-8")
    [model] = engine.models()
    assert (model.name, model.architecture, model.location) == ("handmade", "llama", gguf)
    assert engine.show("handmade").persona.system == "hi"
    engine.remove("handmade")
    assert gguf.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"facts": 3, "name": 5}', b"\xff"])
def test_a_damaged_sidecar_costs_nothing_but_time(engine: BuiltinEngine, gguf: Path, damage: bytes) -> None:
    folder = install(engine, InstallRequest("m", gguf, Ownership.THEIRS, Persona(system="hi")))
    (folder / "modelyard.json").write_bytes(damage)
    [model] = engine.models()
    assert (model.name, model.architecture) == ("m", "llama")
    assert engine.show("m").persona.system == "hi"
    assert json.loads((folder / "modelyard.json").read_text("utf-8"))["facts"]["architecture"] == "llama"


def test_a_folder_without_its_weights_is_no_model_and_keeps_its_name(engine: BuiltinEngine, gguf: Path) -> None:
    folder = install(engine, InstallRequest("m", gguf, Ownership.THEIRS))
    (folder / "model.gguf").unlink()
    assert engine.models() == []
    with pytest.raises(ModelyardError) as caught:
        install(engine, InstallRequest("m", gguf, Ownership.THEIRS))
    assert caught.value.code is Code.ENGINE_NAME_TAKEN


def test_our_own_file_is_linked_and_theirs_is_not(engine: BuiltinEngine, gguf: Path) -> None:
    linked = install(engine, InstallRequest("ours", gguf, Ownership.OURS))
    assert (linked / "model.gguf").samefile(gguf)
    copied = install(engine, InstallRequest("theirs", gguf, Ownership.THEIRS))
    assert not (copied / "model.gguf").samefile(gguf)
    agreed = install(engine, InstallRequest("agreed", gguf, Ownership.THEIRS_LINK))
    assert (agreed / "model.gguf").samefile(gguf)


def test_copies_share_their_weights(engine: BuiltinEngine, gguf: Path) -> None:
    folder = install(engine, InstallRequest("one", gguf, Ownership.THEIRS))
    engine.copy("one", "Two")
    assert (folder.parent / "two" / "model.gguf").samefile(folder / "model.gguf")
    assert engine.remove("one") < gguf.stat().st_size
    assert engine.remove("Two") >= gguf.stat().st_size


def test_a_wrong_checksum_is_found(engine: BuiltinEngine, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.engines.builtin.placing.clone", lambda *_: False)
    with pytest.raises(ModelyardError) as caught:
        install(engine, InstallRequest("m", gguf, Ownership.THEIRS, sha256="0" * 64))
    assert caught.value.code is Code.FILE_CHANGED
    assert engine.models() == []


def test_split_sets_and_projectors_come_along(engine: BuiltinEngine, tmp_path: Path) -> None:
    parts = split_files(tmp_path, "big", 3)
    projector = projector_file(32).write(tmp_path / "see.gguf")
    folder = install(engine, InstallRequest("m", parts[0], Ownership.OURS, projector=projector))
    assert sorted(path.name for path in folder.glob("*.gguf")) == [
        "mmproj.gguf",
        "model-00001-of-00003.gguf",
        "model-00002-of-00003.gguf",
        "model-00003-of-00003.gguf",
    ]
    details = engine.show("m")
    assert [path.name for path in details.files][-1] == "mmproj.gguf"
    assert len(details.files) == 4
    assert "vision" in details.model.capabilities


def test_a_split_set_with_a_part_missing_is_refused(tmp_path: Path) -> None:
    parts = split_files(tmp_path, "big", 3)
    parts[1].unlink()
    with pytest.raises(ModelyardError) as caught:
        parts_of(parts[0])
    assert caught.value.fields == {"name": parts[1].name}


def test_a_full_disk_leaves_nothing(engine: BuiltinEngine, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelyard.engines.builtin.placing.copy", full)
    monkeypatch.setattr("modelyard.engines.builtin.placing.clone", lambda *_: False)
    with pytest.raises(ModelyardError) as caught:
        install(engine, InstallRequest("m", gguf, Ownership.THEIRS))
    assert caught.value.code is Code.DISK_FULL
    assert list((gguf.parent / "models").iterdir()) == []


def test_an_unreadable_models_folder_is_named(gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file stands here", "utf-8")
    engine = BuiltinEngine(tmp_path / "models", describe=describe)
    assert engine.models() == []
    with pytest.raises(ModelyardError) as caught:
        install(engine, InstallRequest("m", gguf, Ownership.THEIRS))
    assert caught.value.code is Code.FOLDER_NOT_WRITABLE


def test_leftovers_of_dead_processes_go_and_replaced_models_come_back(gguf: Path, tmp_path: Path) -> None:
    root = tmp_path / "models"
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    folder = install(BuiltinEngine(root, describe=describe), InstallRequest("kept", gguf, Ownership.THEIRS))
    dead = process.pid
    (root / f".new-{dead}-aa").mkdir()
    (root / f".old-{dead}-bb-kept").mkdir()
    folder.rename(root / f".old-{dead}-cc-back-again")
    (root / f".new-{os.getpid()}-dd").mkdir()
    (root / f".new-{os.getppid()}-ee").mkdir()  # runs, and is older than the folder
    (root / ".new-nonsense").mkdir()
    (root / "notes").mkdir()
    names = {model.name for model in Shelf(root).models()}
    assert names == {"back-again"}
    left = {path.name for path in root.iterdir()}
    assert left == {"kept", "back-again", f".new-{os.getpid()}-dd", f".new-{os.getppid()}-ee", "notes"}


def test_a_second_process_killed_while_installing_leaves_nothing_visible(tmp_path: Path, gguf: Path) -> None:
    root = tmp_path / "models"
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from modelyard.engines.base import InstallRequest, Ownership\n"
        "from modelyard.engines.builtin.engine import BuiltinEngine\n"
        "from modelyard.events import CancelToken\n"
        "def dies(path): os._exit(9)\n"
        "BuiltinEngine(Path(sys.argv[1]), describe=dies).install(\n"
        "    InstallRequest('m', Path(sys.argv[2]), Ownership.THEIRS), lambda event: None, CancelToken())\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(root), str(gguf)], check=False).returncode == 9
    assert len(list(root.iterdir())) == 1
    assert BuiltinEngine(root, describe=describe).models() == []
    assert list(root.iterdir()) == []


def test_replacing_keeps_the_old_model_until_the_new_one_is_whole(engine: BuiltinEngine, gguf: Path) -> None:
    install(engine, InstallRequest("m", gguf, Ownership.THEIRS, Persona(system="old")))
    junk = gguf.with_name("junk.gguf")
    junk.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelyardError):
        install(engine, InstallRequest("m", junk, Ownership.THEIRS, replace=True))
    assert engine.show("m").persona.system == "old"


def test_end_tokens_are_remembered(engine: BuiltinEngine, gguf: Path) -> None:
    format_ = ChatFormat(architecture="llama", template="x", end_tokens=("<|im_end|>", "</s>"))
    folder = install(engine, InstallRequest("m", gguf, Ownership.THEIRS, chat_format=format_))
    assert json.loads((folder / "modelyard.json").read_text("utf-8"))["end_tokens"] == ["<|im_end|>", "</s>"]


def test_progress_counts_all_files_together(engine: BuiltinEngine, tmp_path: Path) -> None:
    parts = split_files(tmp_path, "big", 3)
    events: list[Event] = []
    engine.install(InstallRequest("m", parts[0], Ownership.THEIRS), events.append, CancelToken())
    total = sum(path.stat().st_size for path in parts)
    assert {event.fields["total"] for event in events} == {total}
    assert events[-1].fields["done"] == total
