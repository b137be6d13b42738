"""What can be written at a place of a Modelfile, and what the word there means. Nothing here knows Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...modelfile.parameters import PARAMETERS, Parameter, ParameterKind
from ...modelfile.scanner import KEYWORDS, ROLES
from ...words.catalogue import Catalogue

_HEAD = re.compile(r"[ \t]*([A-Za-z]*)(?:[ \t]([^ \t]*)(?:[ \t](.*))?)?$", re.DOTALL)
_COMMON = ("from", "system", "parameter", "message", "template", "license", "requires")


@dataclass(frozen=True)
class Offer:
    """`text` is written, `line` says what it is."""

    text: str
    line: str


@dataclass(frozen=True)
class Offers:
    """`typed`: the beginning of the word as it stands before the cursor. `sure`: only one of these can be meant, so
    Enter takes the first; else what is typed may be meant as it is."""

    typed: str
    offers: tuple[Offer, ...]
    sure: bool = True


_NONE = Offers("", ())


def offers(words: Catalogue, line: str, models: Sequence[str], *, asked: bool = False) -> Offers:
    """`line`: the text of a command from its line's beginning to the cursor. `asked`: by keys, so also where nothing is
    typed yet."""
    match = _HEAD.match(line)
    if match is None:
        return _NONE
    command, name, value = match.groups()
    if name is None:
        found = [Offer(f"{each.upper()} ", words.command(each)[0]) for each in _ordered()]
        return _starting(found, command, asked)
    keyword = command.lower()
    if keyword == "parameter" and value is None:
        return _starting([Offer(f"{each} ", words.parameter(each)[0]) for each in PARAMETERS], name, True)
    if keyword == "message" and value is None:
        return _starting([Offer(f"{role} ", "") for role in ROLES], name, True)
    if keyword == "parameter" and name in PARAMETERS and (asked or PARAMETERS[name].kind is ParameterKind.BOOL):
        return _starting([Offer(each, "") for each in _values(PARAMETERS[name])], value, True)
    if keyword == "from" and value is None:
        return replace(_starting([Offer(each, "") for each in models], name, True), sure=False)
    return _NONE


def meaning(words: Catalogue, keyword: str, name: str) -> tuple[str, str, str]:
    """The technical word, its plain name and one sentence, for a command or its parameter; three "" if unknown."""
    if keyword == "parameter" and name in PARAMETERS:
        return (name, *words.parameter(name))
    if keyword in KEYWORDS:
        return (keyword.upper(), *words.command(keyword))
    return "", "", ""


def bounds(parameter: Parameter) -> tuple[str, str]:
    """ "0 – 2" and the default as text; "" where there is none."""
    area = f"{parameter.low:g} – {parameter.high:,.10g}" if parameter.low < parameter.high else ""
    default = parameter.default
    return area, "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def _values(parameter: Parameter) -> list[str]:
    if parameter.kind is ParameterKind.BOOL:
        return ["true", "false"]
    _area, default = bounds(parameter)
    return [default] if default else []


def _ordered() -> list[str]:
    return [*_COMMON, *(each for each in KEYWORDS if each not in _COMMON)]


def _starting(found: list[Offer], typed: str, asked: bool) -> Offers:
    if not typed and not asked:
        return _NONE
    low = typed.lower()
    kept = tuple(each for each in found if each.text.lower().startswith(low) and each.text.strip().lower() != low)
    return Offers(typed, kept)
