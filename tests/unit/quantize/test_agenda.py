"""Which unit is worked on next."""

from __future__ import annotations

from typing import Any, cast

from modelyard.convert.content import GgufContent, RowBlock, TensorJob
from modelyard.quantize.agenda import Agenda
from modelyard.quantize.units import cut
from modelyard.quantize.writer import plan_file

ROWS, COLUMNS = 3000, 1024  # three units a tensor


def _rows(_reader: Any, _start: int, _stop: int) -> RowBlock:
    raise AssertionError("nothing is read")


def _agenda(names: str, here: set[str] | None) -> tuple[Agenda, list[str]]:
    jobs = tuple(TensorJob(name, (ROWS, COLUMNS), (name,), "F16", _rows) for name in names)
    layout = plan_file(GgufContent("llama", (), jobs, "f16", -1), "Q8_0")
    units = cut(layout)
    is_here = None if here is None else lambda job: cast(set[str], here).__contains__(job.name)
    tensors = [layout.tensors[unit.tensor].job.name for unit in units]
    return Agenda(units, range(len(units)), layout, is_here), tensors


def _left(agenda: Agenda, tensors: list[str]) -> str:
    found = ""
    while (number := agenda.next()) is not None:
        found += tensors[number]
    return found


def test_in_order_without_news() -> None:
    assert _left(*_agenda("abc", None)) == "aaabbbccc"


def test_what_is_here_goes_first_and_the_first_is_waited_for() -> None:
    here = {"c"}
    agenda, tensors = _agenda("abcd", here)
    assert tensors[agenda.next() or 0] == "c"
    here.add("b")
    assert tensors[agenda.next() or 0] == "b"
    here.clear()  # once here, always here
    assert _left(agenda, tensors) == "bb" + "cc" + "aaa" + "ddd"


def test_every_unit_once_whatever_comes_when() -> None:
    agenda, tensors = _agenda("abcdef", {"f", "a", "d"})
    assert sorted(_left(agenda, tensors)) == sorted(tensors)
    assert agenda.next() is None
