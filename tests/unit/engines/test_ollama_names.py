"""Model names against the recorded behaviour of Ollama's own parser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelyard.engines.ollama import names
from tests.shared import shared


def _cases(key: str) -> list[dict[str, Any]]:
    return list(json.loads(shared("conformance/name_cases.json").read_text(encoding="utf-8"))[key])


def test_every_recorded_name() -> None:
    cases = _cases("cases")
    assert len(cases) == 110
    for case in cases:
        bare = names.parse_bare(case["input"])
        parts = {key: getattr(bare, key) for key in ("host", "model", "namespace", "scheme", "tag")}
        assert parts == case["bare"], case["input"]
        assert bare.complete == case["bare_fully_qualified"], case["input"]
        assert names.is_valid(case["input"]) == case["valid"], case["input"]
        if case["valid"]:
            name = names.parse(case["input"])
            assert (name.full, name.short, name.path) == (case["full"], case["short"], case["path"])


def test_parts_and_namespaces() -> None:
    for case in _cases("valid_part"):
        assert names.valid_part(case["kind"], case["input"]) == case["expect"], case
    for case in _cases("valid_namespace"):
        assert names.valid_part("namespace", case["input"]) == case["expect"], case


def test_short_forms_and_manifest_paths() -> None:
    for case in _cases("display_shortest"):
        assert names.parse(case["input"]).short == case["expect"]
    for case in _cases("name_from_manifest_path"):
        assert (names.from_manifest_path(case["input"]) is not None) == case["valid"], case


def test_cloud_and_local_suffixes() -> None:
    for case in _cases("source_suffix"):
        if "error" in case:
            with pytest.raises(ValueError) as caught:
                names.source_of(case["input"])
            assert str(caught.value) == case["error"]
            continue
        source = names.source_of(case["input"])
        assert (source.base, source.source, source.pull_name) == (case["base"], case["source"], case["pull_name"])
        assert (source.source == "cloud") == case["pull_cloud"]


def test_names_meet_without_case() -> None:
    assert names.same("T1", "registry.ollama.ai/library/t1:LATEST")
    assert not names.same("t1", "t1:v2")


def test_names_of_this_computer() -> None:
    assert names.is_own("mine:8b")
    assert not names.is_own("mine:cloud")
    assert not names.is_own("a b")
    helper = names.helper("trying", "12-34")
    assert names.is_helper(helper)
    assert names.is_own(helper)
    assert not names.is_helper("mine")
