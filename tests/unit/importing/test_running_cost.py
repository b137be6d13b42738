"""What an installed model takes of memory, for any length of conversation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from modelyard.engines.base import InstalledModel
from modelyard.host.machine import Machine
from modelyard.importing.inspection import Fit
from modelyard.importing.running_cost import running_cost

MACHINE = Machine("Linux", 8 << 30, 4 << 30, 4)
MODEL = InstalledModel("builtin", "m", size_bytes=4_000_000_000, context_length=131_072, conversation_bytes=512_000_000)


def test_in_proportion_where_no_file_can_be_read() -> None:
    cost = running_cost(MODEL, MACHINE)
    assert cost is not None
    assert cost.at(4096).conversation == 512_000_000 and cost.at(8192).conversation == 1_024_000_000
    assert cost.at(4096).weights == 4_000_000_000
    assert (cost.fit(4096), cost.fit(131_072)) == (Fit.FITS, Fit.WONT_FIT)
    assert cost.usual_context == 4096


def test_guessed_where_the_engine_says_nothing() -> None:
    cost = running_cost(replace(MODEL, conversation_bytes=None), MACHINE)
    assert cost is not None
    assert cost.at(8192).conversation == 2 * cost.at(4096).conversation > 0


def test_a_damaged_file_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    cost = running_cost(replace(MODEL, location=path), MACHINE)
    assert cost is not None and cost.at(4096).conversation == 512_000_000


def test_what_runs_elsewhere_costs_nothing_here() -> None:
    assert running_cost(replace(MODEL, remote=True), MACHINE) is None
