"""The watch over access keys finds what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import key_watch


def test_a_key_in_a_file_is_found_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_watch, "_PIECE", 1000)
    text = b"hf_" + b"x" * 30  # no real one: this file is looked through as well
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.log").write_bytes(b"." * 990 + text + b"." * 50)  # across two pieces
    (tmp_path / "b.log").write_bytes(b"." * 3000)
    assert list(key_watch.files_with(tmp_path, (text,))) == [tmp_path / "sub" / "a.log"]


def test_a_key_handed_to_a_child_by_our_code_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_watch, "_started_by_us", lambda: True)
    for argv, environment in ((["x", key_watch.KEYS[0]], None), (["x"], {"A": key_watch.KEYS[1]}), (["x"], {"A": "b"})):
        key_watch._watch("subprocess.Popen", ("x", argv, None, environment))
    assert len(key_watch._handed_out) == 2
    key_watch._handed_out.clear()
