"""The whole journey without a window, with the real engine and a real small model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.__main__ import COMMANDS
from modelyard.cli import _parser, main
from tests.builders.gguf_files import tiny_llama

from .program import PLAIN, QUESTION, run, sample_gguf, start


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a name as people have them."""
    return tmp_path_factory.mktemp("张庭纲 的 数据")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample under a non-ASCII name in a read-only folder."""
    folder = tmp_path_factory.mktemp("模型")
    path = folder / "模型 1.gguf"
    shutil.copyfile(sample_gguf(), path)
    path.chmod(0o444)
    folder.chmod(0o555)
    return path


def test_import_list_chat_remove(home: Path, given: Path) -> None:
    before = given.read_bytes()[:4096], given.stat().st_mtime_ns
    imported = run("import", str(given), "--name", "Mario", "--yes", "--json", data=home)
    assert imported.status == 0, imported.errors
    assert imported.last["event"] == "done" and imported.last["verdict"] == "good"
    steps = [event["step"] for event in imported.events if event["event"] == "step_finished"]
    assert steps == ["looking", "adding", "testing"]
    assert (given.read_bytes()[:4096], given.stat().st_mtime_ns) == before, "a person's file was changed"
    assert not list((home / "work").iterdir()), "half-made things stayed"

    listed = run("models", "--json", data=home).last["models"]
    assert [(model["name"], model["display_name"]) for model in listed] == [("mario", "Mario")]

    answer = run("chat", "mario", "--prompt", QUESTION, *PLAIN, "--json", data=home)
    assert answer.status == 0 and "Paris" in answer.last["text"]
    assert "".join(event["text"] for event in answer.events if event["event"] == "text") == answer.last["text"]
    assert answer.last["stats"]["reason"] == "stop"

    again = run("import", str(given), "--name", "mario", "--json", data=home)
    assert (again.status, again.last["code"]) == (1, "engine_name_taken")
    assert again.last["message"], "an error says what happened"

    copied = run("copy", "mario", "wario", "--json", data=home)
    assert (copied.status, copied.last["name"]) == (0, "wario")
    taken = run("copy", "wario", "MARIO", "--json", data=home)
    assert (taken.status, taken.last["code"]) == (1, "engine_name_taken")
    assert run("remove", "wario", "--json", data=home).status == 0

    removed = run("remove", "mario", "--json", data=home)
    assert removed.status == 0 and removed.last["freed_bytes"] > 90_000_000
    assert run("models", "--json", data=home).last["models"] == []
    assert run("remove", "mario", "--json", data=home).last["code"] == "engine_model_missing"


def test_a_smaller_file_without_an_engine(home: Path, given: Path, tmp_path: Path) -> None:
    output = tmp_path / "kleiner – 小.gguf"
    made = run("import", str(given), "--size", "Q2_K", "--engine", "none", "--output", str(output), "--json", data=home)
    assert made.status == 0, made.errors
    assert output.stat().st_size == made.last["size_bytes"]
    warned = [event["code"] for event in made.events if event["event"] == "warning"]
    assert "requantized" in warned
    planned = next(event for event in made.events if event["event"] == "plan")
    assert planned["result_bytes"] == output.stat().st_size, "the promised size is the exact size"
    refused = run("import", str(given), "--size", "Q2_K", "--engine", "none", "--output", str(output), data=home)
    assert refused.status == 1 and output.name in refused.errors


def test_inspect_changes_nothing(home: Path, given: Path) -> None:
    seen = run("inspect", str(given), "--json", data=home)
    assert seen.status == 0 and seen.last["architecture"] == "llama"
    assert seen.last["parameters"] == 134_515_008 and seen.last["sizes"][0]["size"] == "as-is"
    people = run("inspect", str(given), data=home)
    assert people.status == 0 and "as-is" in people.output


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["import"], ["chat"], ["import", "x", "--engine", "cloud"], ["models", "--nope"]]
)
def test_wrong_usage(home: Path, arguments: list[str]) -> None:
    wrong = run(*arguments, "--json", data=home)
    assert wrong.status == 2 and wrong.last["event"] == "failed" and wrong.last["code"] == "usage"


def test_help_and_version() -> None:
    for argument in ("--help", "--version"):
        shown = subprocess.run(
            [sys.executable, "-m", "modelyard", argument], capture_output=True, text=True, check=False
        )
        assert shown.returncode == 0 and "odelyard" in shown.stdout


def test_errors_are_told_in_chinese_too(home: Path) -> None:
    wrong = run("inspect", "/nirgends/x.gguf", data=home, LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8")
    assert wrong.status == 1 and "找不到" in wrong.errors


def test_ctrl_c_cancels_within_a_second_or_so(home: Path, given: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.gguf"
    process = start(
        "import", str(given), "--size", "IQ4_NL", "--engine", "none", "--output", str(output), "--json", data=home
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "progress":
            break
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and json.loads(rest.splitlines()[-1])["event"] == "cancelled"
    assert time.monotonic() - begun < 10, "cancel takes far too long"
    assert not output.exists()


def test_kill_in_the_middle_then_the_same_command_goes_on(given: Path, tmp_path: Path) -> None:
    data, output = tmp_path / "data", tmp_path / "killed.gguf"
    arguments = ["import", str(given), "--size", "Q4_0", "--engine", "none", "--json"]
    undisturbed = tmp_path / "undisturbed.gguf"
    assert run(*arguments, "--output", str(undisturbed), data=data).status == 0
    process = start(*arguments, "--output", str(output), data=data)
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["done"] > event["total"] // 4:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not output.exists(), "nothing half-made is visible"
    assert run(*arguments, "--output", str(output), data=data).status == 0
    assert output.read_bytes() == undisturbed.read_bytes()


def test_killed_while_adding_the_next_start_is_clean(given: Path, tmp_path: Path) -> None:
    process = start("import", str(given), "--name", "killed", "--json", data=tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("step") == "adding":
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    listed = run("models", "--json", data=tmp_path)
    assert listed.status == 0 and {model["name"] for model in listed.last["models"]} <= {"killed"}
    again = run("import", str(given), "--name", "killed", "--replace", "--json", data=tmp_path)
    assert again.status == 0, again.errors
    assert len(run("models", "--json", data=tmp_path).last["models"]) == 1
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["killed"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A drive of 40 MB; only root can make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small drive")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("this machine does not let us mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_with_numbers(small_disk: Path, given: Path) -> None:
    full = run("import", str(given), "--json", data=small_disk)
    assert (full.status, full.last["code"]) == (1, "disk_full")
    assert full.last["fields"]["need_bytes"] > full.last["fields"]["free_bytes"] > 0
    assert "MB" in full.last["message"]
    assert not list((small_disk / "models").iterdir())


def test_a_file_without_a_conversation_format_is_mended_in_a_copy(tmp_path: Path) -> None:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(254)), "<|im_start|>", "<|im_end|>", "▁"]
    builder = tiny_llama()
    builder.entries = [entry for entry in builder.entries if entry[0] != b"tokenizer.ggml.tokens"]
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(builder.texts("tokenizer.ggml.tokens", tokens).build())
    before = broken.read_bytes()
    seen = run("inspect", str(broken), "--json", data=tmp_path / "d").last
    assert [note["code"] for note in seen["repairs"]] == ["repair_chat_template"] and not seen["warnings"]
    output = tmp_path / "mended.gguf"
    made = run("import", str(broken), "--repair", "--output", str(output), "--json", data=tmp_path / "d")
    assert made.status == 0, made.output
    mended = run("inspect", str(output), "--json", data=tmp_path / "d").last
    assert mended["repairs"] == [] and "<|im_start|>" in mended["chat_template"]
    assert broken.read_bytes() == before


def test_the_first_lines_of_the_process_know_every_command() -> None:
    """Else a folder of that name in the working folder would be opened in the window."""
    verbs = next(action.choices for action in _parser()._actions if isinstance(action, _SubParsersAction))
    assert set(COMMANDS) == {*verbs, "-h", "--help", "--version"}


def test_a_file_gives_no_orders_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tiny_llama().text("general.license", "\x1b]0;mine\x07\x1b[2J").write(tmp_path / "\x1b[31mred.gguf")
    assert main(["--data-dir", str(tmp_path / "data"), "inspect", str(path)]) == 0
    assert main(["--data-dir", str(tmp_path / "data"), "inspect", str(tmp_path / "\x1b[2Jno.gguf")]) == 1
    said = capsys.readouterr()
    assert "red" in said.out and "no.gguf" in said.err
    assert "\x1b" not in said.out + said.err
