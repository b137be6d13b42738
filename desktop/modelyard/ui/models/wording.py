"""Words about a model that the list, the panel and the details share."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from ...engines.base import InstalledModel
from ...words.catalogue import Catalogue
from ..figures import joined, parameter_count
from .library import Entry

_SHOWN_ABILITIES = ("vision", "tools", "thinking", "embedding", "audio", "image")


def engine_name(engine: str) -> str:
    match engine:
        case "builtin":
            return QCoreApplication.translate("Models", "Built-in")
        case "ollama":
            return "Ollama"
        case _:
            return engine


def engine_in_words(engine: str) -> str:
    """For the middle of a sentence."""
    return QCoreApplication.translate("Models", "the built-in engine") if engine == "builtin" else engine_name(engine)


def size_words(words: Catalogue, model: InstalledModel) -> str:
    """ "Balanced – recommended · Q4_K_M": the plain name of the size, the technical one beside it."""
    title = words.size(model.size_label)[0] if model.size_label else ""
    return joined(title, model.size_label if title != model.size_label else "")


def ability_words(words: Catalogue, model: InstalledModel) -> list[str]:
    """What it can do beyond plain conversation."""
    return [words.label("abilities", each) for each in _SHOWN_ABILITIES if each in model.capabilities]


def date_words(model: InstalledModel) -> str:
    if not model.modified:
        return ""
    when = QDateTime.fromSecsSinceEpoch(int(model.modified))
    return QLocale().toString(when.date(), QLocale.FormatType.ShortFormat)


def what_line(words: Catalogue, model: InstalledModel) -> str:
    return what_lines(words, model)[0]


def what_lines(words: Catalogue, model: InstalledModel) -> tuple[str, ...]:
    """The longest first; where it has no room a shorter one says the weightier."""
    size = words.amount(model.size_bytes) if model.size_bytes and not model.remote else ""
    named, count = size_words(words, model), parameter_count(model.parameters)
    return joined(named, count, size), joined(named, size), joined(model.size_label, count, size), joined(count, size)


def which_lines(model: InstalledModel, shown: str) -> tuple[str, ...]:
    """As what_lines."""
    technical = model.name if model.name not in (shown, f"{shown}:latest") else ""
    date = date_words(model)
    return joined(technical, model.architecture, date), joined(technical, date), technical or date


def spoken(words: Catalogue, entry: Entry) -> str:
    """The whole row as a screen reader says it."""
    fit = words.label("fits", entry.fit.value) if entry.fit is not None else ""
    running = QCoreApplication.translate("Models", "In memory") if entry.running is not None else ""
    parts = (entry.name, engine_name(entry.model.engine), running, what_line(words, entry.model), fit)
    return ", ".join(part for part in (*parts, *ability_words(words, entry.model)) if part)
