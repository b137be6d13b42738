"""The tokens every screen is made of: one spacing scale, one type scale, two colour tables.

Nothing else in ui/ names a colour, a font size or a distance. Contrast of every pair in READABLE_PAIRS is at least
4.5:1 in both tables (tests/ui/test_tokens.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


class Space:
    """Distances in logical pixels."""

    XS = 4
    S = 8
    M = 12
    L = 16
    XL = 24
    XXL = 32
    HUGE = 48


class Size:
    """Fixed measures in logical pixels."""

    RAIL = 92
    ICON = 20
    ICON_LARGE = 28
    ICON_HUGE = 56
    CONTROL = 36
    COLUMN = 760  # the reading column of pages
    SIDE = 264  # the conversation list
    RADIUS = 12
    RADIUS_SMALL = 8


# Factors of the system's font size.
TYPE_SCALE: dict[str, float] = {
    "display": 2.0,
    "title": 1.5,
    "heading": 1.2,
    "body": 1.0,
    "caption": 0.88,
}


@dataclass(frozen=True)
class Colours:
    """One colour table. `*_soft` are backgrounds for text of the same family."""

    window: str
    rail: str
    surface: str
    raised: str
    hover: str
    border: str
    border_strong: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    accent_text: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_hover: str
    on_bad: str
    bad_soft: str
    bubble: str
    code: str
    selection: str
    scroll: str
    code_keyword: str
    code_string: str
    code_comment: str
    code_number: str
    code_name: str

    def as_mapping(self) -> dict[str, str]:
        return asdict(self)


LIGHT = Colours(
    window="#f7f7f4",
    rail="#eeeee9",
    surface="#ffffff",
    raised="#f2f2ee",
    hover="#ebebe6",
    border="#e1e1da",
    border_strong="#c6c6bd",
    text="#1d2321",
    muted="#5b635f",
    accent="#0f7463",
    accent_hover="#0b6153",
    on_accent="#ffffff",
    accent_soft="#dff1ec",
    accent_text="#0b6355",
    good="#1a6e35",
    good_soft="#e0f2e4",
    warn="#805200",
    warn_soft="#fbeed3",
    bad="#b3261e",
    bad_hover="#971f18",
    on_bad="#ffffff",
    bad_soft="#fce8e6",
    bubble="#e7f1ee",
    code="#f2f2ee",
    selection="#bfe3da",
    scroll="#c9c9c1",
    code_keyword="#8a3ea8",
    code_string="#1f6f3d",
    code_comment="#646c68",
    code_number="#a04a0a",
    code_name="#1a5fa8",
)

DARK = Colours(
    window="#151817",
    rail="#101312",
    surface="#1d2120",
    raised="#262b29",
    hover="#2c3230",
    border="#303735",
    border_strong="#4a5350",
    text="#e9edeb",
    muted="#a5afab",
    accent="#55cdb4",
    accent_hover="#74dac5",
    on_accent="#06231d",
    accent_soft="#17382f",
    accent_text="#6fdcc5",
    good="#7fd897",
    good_soft="#173421",
    warn="#efc46e",
    warn_soft="#3a2d10",
    bad="#ff9d94",
    bad_hover="#ffb5ae",
    on_bad="#3a0905",
    bad_soft="#43201d",
    bubble="#203430",
    code="#161a19",
    selection="#265d50",
    scroll="#454e4b",
    code_keyword="#d0a2e8",
    code_string="#93d6a5",
    code_comment="#93a09b",
    code_number="#f0b07a",
    code_name="#8cc2f5",
)

# (text, background) pairs that appear on screen.
READABLE_PAIRS: tuple[tuple[str, str], ...] = (
    *(
        (ink, ground)
        for ink in ("text", "muted")
        for ground in ("window", "rail", "surface", "raised", "hover", "code")
    ),
    ("text", "bubble"),
    ("text", "selection"),
    ("muted", "bubble"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_bad", "bad"),
    ("on_bad", "bad_hover"),
    *(("accent_text", ground) for ground in ("window", "rail", "surface", "accent_soft", "raised", "hover", "bubble")),
    ("text", "accent_soft"),
    ("muted", "accent_soft"),
    ("good", "good_soft"),
    ("warn", "warn_soft"),
    ("bad", "bad_soft"),
    ("bad", "surface"),
    ("text", "bad_soft"),
    ("text", "warn_soft"),
    ("muted", "bad_soft"),
    *((f"code_{kind}", "code") for kind in ("keyword", "string", "comment", "number", "name")),
)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.1)."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
