"""How a text is written as the value of a command, and what no Modelfile can carry.

No escapes exist. A value in triple quotes ends at the first line end before which the quotes stand, so a text with an
inner line that ends in three quotes cannot be written; neither can characters that the reader drops (printable.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .printable import clean, dropped

_OUTER = " \t\r\n"
_EARLY_END = re.compile(r'"""(?=[ \t]*[\r\n])')
_EARLY_END_SINGLE = re.compile(r'"[ \t]*[\r\n]')


@dataclass(frozen=True, slots=True)
class Loss:
    """What a Modelfile cannot carry of one text.

    `field`: "system", "template", "parameter stop", "message 2", …; `dropped`: the characters the reader would drop, as
    (character, how often); `early_ends`: how many inner lines end in three quotes; `unwritable`: the whole thing has no
    place in a Modelfile (a parameter's name or value, a role).
    """

    field: str
    dropped: tuple[tuple[str, int], ...] = ()
    early_ends: int = 0
    unwritable: bool = False

    def warnings(self) -> tuple[tuple[str, dict[str, str | int]], ...]:
        """Codes of words/ [warnings] with their fields."""
        keyword, _, rest = self.field.partition(" ")
        place = f"{'FROM' if keyword == 'base' else keyword.upper()} {rest}".strip()
        found: list[tuple[str, dict[str, str | int]]] = []
        if self.unwritable:
            found.append(("modelfile_unwritable", {"place": place}))
        if self.dropped:
            count = sum(number for _, number in self.dropped)
            found.append(
                ("modelfile_lost_characters", {"place": place, "characters": shown(self.dropped), "count": count})
            )
        if self.early_ends:
            found.append(("modelfile_lost_quotes", {"place": place, "count": self.early_ends}))
        return tuple(found)


def shown(characters: Iterable[tuple[str, int]]) -> str:
    """Invisible characters by their numbers: "U+200B, U+3000"."""
    return ", ".join(f"U+{ord(character):04X}" for character, _ in sorted(characters))


def quote(text: str, style: str = "") -> str:
    """The value as written. `style`: the quotes it had before, kept if they can carry the text.

    For a text with a `loss`, the nearest text that can be written: without the dropped characters, and with three
    apostrophes for each three quotes that would end it early."""
    text = carried(text)
    if style and _fits(text, style):
        return f"{style}{text}{style}"
    if text and _fits(text, ""):
        return text
    return f'"""{text}"""' if text else '""'


def carried(text: str) -> str:
    """What a reader gets back of `text`; equal to it unless there is a `loss`."""
    return _EARLY_END.sub("'''", clean(text))


def loss(field: str, text: str) -> Loss | None:
    """What would be lost of `text`, None if it survives whole."""
    gone = dropped(text)
    ends = len(_EARLY_END.findall(clean(text) if gone else text))
    return Loss(field, tuple(sorted(gone.items())), ends) if gone or ends else None


def style_of(raw: str) -> str:
    """The quotes around a value as written."""
    for style in ('"""', '"'):
        if len(raw) >= 2 * len(style) and raw.startswith(style) and raw.endswith(style):
            return style
    return ""


def _fits(text: str, style: str) -> bool:
    if style == '"""':
        return True  # carried() has mended what would end it early
    if style == '"':
        return not (text.startswith('""') or text == '"' or _EARLY_END_SINGLE.search(text))
    return text == text.strip(_OUTER) and not text.startswith('"') and "\n" not in text and "\r" not in text
