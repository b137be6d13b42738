"""Every pair of text and ground that appears on screen can be read."""

from __future__ import annotations

import pytest

from modelyard.ui.design.tokens import DARK, LIGHT, READABLE_PAIRS, Colours, contrast


@pytest.mark.parametrize("table", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(table: Colours) -> None:
    colours = table.as_mapping()
    poor = {(ink, ground): contrast(colours[ink], colours[ground]) for ink, ground in READABLE_PAIRS}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
