"""`modelyard --selftest`: it names what it tried, and fails at anything it did not expect. Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from modelyard.selftest.listening import listen
from modelyard.selftest.packed import missing

from .tools import packaging_module

NAMES = (
    "contents",
    "libraries",
    "keyring",
    "certificates",
    "words",
    "licences",
    "kernels",
    "conversion and engine",
    "worker",
    "Qt plugins",
    "translations",
    "window",
)


def checks(code: str) -> list[str]:
    """A process that speaks as the one with the checks does."""
    start = "import os, sys\nfrom modelyard.host.channel import Channel\nchannel = Channel()\n"
    return [sys.executable, "-c", start + textwrap.dedent(code)]


@pytest.mark.slow
def test_all_that_a_checkout_has_is_good() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "modelyard", "--selftest"], capture_output=True, text=True, encoding="utf-8", check=False
    )
    packaging_module("steps").judge_self_test(done.returncode, done.stdout + done.stderr)
    said = [line.partition(":")[0] for line in done.stdout.splitlines()[1:-1]]
    assert said == [f"ok {name}" for name in NAMES]
    assert "ok translations: 模型, 取消" in done.stdout


def test_a_check_that_does_not_pass_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    command = checks("""
        channel.send({"check": "one"})
        channel.send({"check": "one", "failed": "the file 模型 is missing"})
        channel.send({"check": "two"})
        channel.send({"check": "two", "ok": "fine"})
        sys.exit(1)
    """)
    assert listen(command) == 1
    assert capfd.readouterr().out == "FAILED one: the file 模型 is missing\nok two: fine\n"


def test_a_word_of_a_library_is_a_fault(capfd: pytest.CaptureFixture[str]) -> None:
    command = checks("""
        channel.send({"check": "one"})
        os.write(2, b"libfoo: cannot find bar\\n")
        channel.send({"check": "one", "ok": "fine"})
    """)
    assert listen(command) == 1
    said = capfd.readouterr().out
    assert "ok one: fine" in said and "FAILED silence" in said and "cannot find bar" in said


def test_an_end_in_the_middle_names_the_check(capfd: pytest.CaptureFixture[str]) -> None:
    command = checks("""
        channel.send({"check": "window"})
        os._exit(6)
    """)
    assert listen(command) == 1
    assert "FAILED window: it ended with 6" in capfd.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_files_that_are_gone_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.so").write_bytes(b"")
    (tmp_path / "a" / "link").symlink_to("nothing")
    assert missing(tmp_path, ["a/b.so", "a/c.so", "a/link"]) == ["a/c.so", "a/link"]
