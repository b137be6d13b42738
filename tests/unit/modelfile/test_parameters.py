"""Typing of parameters against what Ollama's own code did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelyard.modelfile.parameters import (
    DEPRECATED,
    PARAMETERS,
    ParameterError,
    in_range,
    option_value,
    read_value,
    value_texts,
)
from tests.shared import SHARED

_FILE = SHARED / "conformance" / "modelfile_cases.json"


def _cases(key: str) -> list[Any]:
    return json.loads(_FILE.read_text("utf-8"))[key] if _FILE.exists() else []


def _read(name: str, texts: list[str]) -> Any:
    values = [read_value(name, text) for text in texts]
    return [one for value in values for one in value] if isinstance(values[0], tuple) else values[-1]


@pytest.mark.parametrize("case", _cases("format_params_cases"), ids=lambda case: str(case["params"]))
def test_lines_are_typed_as_ollama_types_them(case: dict[str, Any]) -> None:
    [(name, texts)] = case["params"].items()
    if "error" in case:
        with pytest.raises(ParameterError) as caught:
            _read(name, texts)
        assert caught.value.message == case["error"]
    else:
        assert _read(name, texts) == case["result"][name]


@pytest.mark.parametrize("case", _cases("options_from_map_cases"), ids=lambda case: str(case["options"]))
def test_options_are_taken_as_ollama_takes_them(case: dict[str, Any]) -> None:
    for name, value in case["options"].items():
        if "error" in case:
            with pytest.raises(ParameterError) as caught:
                option_value(name, value)
            assert caught.value.message == case["error"]
        else:
            taken = option_value(name, value)
            changes = {} if taken is None else {name: list(taken) if isinstance(taken, tuple) else taken}
            assert changes == case["changes"]


@pytest.mark.parametrize("text", ["inf", "nan", "1e39", "0x1p200", "1__0", "_1", "", ".", "1e", "0x1"])
def test_numbers_that_no_request_could_carry_are_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        read_value("temperature", text)


@pytest.mark.parametrize(("text", "value"), [("0x1p-2", 0.25), (".5", 0.5), ("5.", 5.0), ("1_0.5", 10.5)])
def test_go_writes_numbers_in_more_ways_than_one(text: str, value: float) -> None:
    assert read_value("temperature", text) == value


def test_defaults_lie_in_their_range_and_survive_writing() -> None:
    for parameter in PARAMETERS.values():
        if parameter.default is not None:
            assert in_range(parameter.name, parameter.default)
            assert read_value(parameter.name, value_texts(parameter.default)[0]) == parameter.default
    assert not set(PARAMETERS) & set(DEPRECATED)


def test_a_range_is_advice_for_numbers_only() -> None:
    assert not in_range("temperature", 9.0)
    assert in_range("num_ctx", 0)  # automatic
    assert not in_range("num_ctx", 3)
    assert in_range("stop", ("x",))
    assert in_range("use_mmap", False)
    assert in_range("unheard_of", 3)
