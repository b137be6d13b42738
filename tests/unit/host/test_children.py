"""Children: JSON lines, no secrets, an end whatever they do. Real processes."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from modelyard.host.children import Child, clean_environment, clean_text, own_environment
from modelyard.host.logs import log_to
from modelyard.host.machine import free_space, same_drive, this_machine


def child(code: str) -> Child:
    return Child([sys.executable, "-c", textwrap.dedent(code)])


def test_records_go_both_ways_and_prints_do_not_disturb() -> None:
    running = child("""
        from modelyard.host.channel import Channel
        channel = Channel()
        print("a library prints this")
        record = channel.receive()
        channel.send({"echo": record["text"]})
    """)
    assert running.send({"text": "模型 \\u0000"})
    assert list(running.messages()) == [{"echo": "模型 \\u0000"}]
    assert running.wait(60) == 0
    running.end()
    assert "a library prints this" in running.tail


def test_a_child_ends_when_its_parent_closes_the_pipe() -> None:
    running = child("""
        import os, time
        from modelyard.host.channel import Channel
        channel = Channel()
        channel.watch(lambda record: None, lambda: os._exit(7))
        channel.send({"ready": True})
        time.sleep(60)
    """)
    assert next(running.messages()) == {"ready": True}
    running.end(grace=60)
    assert running.process.returncode == 7


def test_a_child_that_is_done_ends_well_while_it_is_still_listened_to() -> None:
    """Python aborted at its end: a core dump, or the system's "quit unexpectedly", after every piece of work."""
    running = child("""
        from modelyard.host.channel import Channel
        channel = Channel()
        channel.watch(lambda record: None, lambda: None)
        channel.send({"event": "done"})
    """)
    assert list(running.messages()) == [{"event": "done"}]
    assert running.wait(60) == 0
    running.end()
    assert running.tail == ""


def test_a_child_that_ignores_everything_is_killed_with_its_own_children() -> None:
    running = child("""
        import json, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(json.dumps({"pid": grandchild.pid}), flush=True)
        time.sleep(60)
    """)
    pid = next(running.messages())["pid"]
    running.end(grace=0.2)
    assert running.process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the grandchild lives on"
        time.sleep(0.02)


def test_words_of_a_child_are_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    running = child(r"""
        import sys
        sys.stderr.write("\x1b[31mred\x1b[0m\x07 hf_abcdefghijklmnop\n")
        sys.stdout.write("not json\n[1]\n")
    """)
    assert list(running.messages()) == []
    running.wait(60)
    running.end()
    assert "red" in running.tail and "not json" in running.tail
    assert "\x1b" not in running.tail and "hf_abc" not in running.tail


def test_secrets_stay_out_of_a_childs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    assert "hf_secretsecretsecret" not in "".join(clean_environment().values())


def test_clean_text_keeps_lines() -> None:
    assert clean_text("a\nb\tc\x00\x9b") == "a\nb\tc"


def test_sending_to_the_dead_is_noticed() -> None:
    running = child("pass")
    running.wait(60)
    assert not any(running.send({"x": "y" * 100_000}) for _ in range(3))
    running.end()


def test_this_machine_is_described() -> None:
    machine = this_machine()
    assert machine.memory > machine.memory_free > 0 and machine.cores >= 1


def test_free_space_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_space(tmp_path / "a" / "b") > 0
    assert same_drive(tmp_path / "a", tmp_path)


def test_the_log_is_private_and_redacted(tmp_path: Path) -> None:
    import logging

    path = log_to(tmp_path)
    assert path is not None
    logging.getLogger("modelyard.test").info("key %s", "hf_abcdefghijklmnop")
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "baseFilename", "") == str(path)]:
        root.removeHandler(handler)
        handler.close()
    text = path.read_text(encoding="utf-8")
    assert "hf_abc" not in text and "key" in text
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_our_libraries_are_for_our_own_children_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As packaging/start.py leaves it in the frozen program: a browser or an Ollama takes the system's."""
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setenv("MODELYARD_LIBRARIES", "/opt/modelyard/_internal")
    assert "LD_LIBRARY_PATH" not in clean_environment()
    assert own_environment()["LD_LIBRARY_PATH"] == "/opt/modelyard/_internal"
    said = child("import json, os; print(json.dumps({'path': os.environ.get('LD_LIBRARY_PATH')}), flush=True)")
    assert list(said.messages()) == [{"path": "/opt/modelyard/_internal"}]
    said.end()
