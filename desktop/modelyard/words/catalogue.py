"""What people read about errors, warnings, steps, sizes and parameters, in every language. The catalogues are
resources/words/<language>/*.toml, one file a room; the window and the command line say the same."""

from __future__ import annotations

import functools
import locale
import os
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Action, Code, ModelyardError
from ..host.folders import resources_folder

LANGUAGES = ("en", "zh_CN")


@dataclass(frozen=True)
class ErrorText:
    """What happened, why, and what can be done. `details` is for "Copy for help"."""

    title: str
    reason: str
    action: Action
    action_label: str
    details: str


class Catalogue:
    """All words of one language. A key that is missing shows itself, never raises: a test finds it first."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._tables = _load(self.language)

    def error(self, error: ModelyardError) -> ErrorText:
        entry = self._entry("errors", error.code.value)
        action = error.code.action
        if action in (Action.OPEN_PAGE, Action.FETCH_MISSING):
            needed = "url" if action is Action.OPEN_PAGE else "base_model"
            action = action if error.fields.get(needed) else Action.NONE
        return ErrorText(
            title=self._fill(str(entry.get("title", error.code.value)), error.fields),
            reason=self._fill(str(entry.get("reason", "")), error.fields),
            action=action,
            action_label=self.label("actions", action.value),
            details=str(error),
        )

    def error_line(self, error: ModelyardError) -> str:
        """What happened and why, in one line. A title stands without its full stop."""
        text = self.error(error)
        if not text.reason:
            return text.title
        stop, space = ("。", "") if self.language == "zh_CN" else (".", " ")
        stop = "" if text.title.endswith(("?", "!", "？", "！")) else stop
        return f"{text.title}{stop}{space}{text.reason}"

    def warning(self, code: str, fields: Mapping[str, Any]) -> str:
        return self._fill(str(self._entry("warnings", code).get("text", code)), fields)

    def step(self, step: str) -> str:
        return self.label("steps", step)

    def size(self, size: str) -> tuple[str, str]:
        """Plain name and one sentence for a size; the technical name stands beside it."""
        table = self._tables.get("sizes", {})
        entry = table.get(size.lower()) or {"title": size, "text": ""}
        return str(entry["title"]), str(entry.get("text", ""))

    def parameter(self, name: str) -> tuple[str, str]:
        """Plain name and one sentence of explanation for a Modelfile parameter."""
        entry = self._entry("parameters", name)
        return str(entry.get("title", name)), str(entry.get("text", ""))

    def command(self, name: str) -> tuple[str, str]:
        """Plain name and one sentence of explanation for a Modelfile command, by its word in lower case."""
        entry = self._entry("commands", name)
        return str(entry.get("title", name)), str(entry.get("text", ""))

    def label(self, table: str, key: str) -> str:
        value = self._tables.get(table, {}).get(key, key)
        return str(value)

    def entries(self, table: str) -> Mapping[str, Any]:
        return self._tables.get(table, {})

    def amount(self, count: float) -> str:
        """Bytes for people: decimal units, as shops and downloads use them."""
        return show_bytes(count)

    def duration(self, seconds: float) -> str:
        return _show_seconds(seconds, self._tables.get("units", {}))

    def _entry(self, table: str, key: str) -> Mapping[str, Any]:
        entry = self._tables.get(table, {}).get(key, {})
        return entry if isinstance(entry, dict) else {}

    def _fill(self, template: str, fields: Mapping[str, Any]) -> str:
        shown = {key: self._show(key, value) for key, value in fields.items()}
        for key in (key for key, text in shown.items() if not text):
            template = template.replace(f" {{{key}}}", "")  # a word that is not known takes its space along
        return _Lenient().vformat(template, (), shown)

    def _show(self, key: str, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if key.endswith("_bytes"):
                return show_bytes(value)
            if key.endswith("_seconds"):
                return self.duration(value)
        return "" if value is None else str(value)


class _Lenient(string.Formatter):
    """Leaves out what is not there, and never looks into attributes or items of a value."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        return kwargs.get(field_name, ""), field_name


def show_bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000 or unit == "GB":
            digits = 0 if unit == "B" or abs(count) >= 100 else 1
            return f"{count:.{digits}f} {unit}"
        count /= 1000
    raise AssertionError


def _show_seconds(seconds: float, units: Mapping[str, Any]) -> str:
    if seconds < 90:
        return str(units.get("seconds", "{n} s")).format(n=max(1, round(seconds)))
    if seconds < 90 * 60:
        return str(units.get("minutes", "{n} min")).format(n=round(seconds / 60))
    return str(units.get("hours", "{n} h")).format(n=f"{seconds / 3600:.1f}")


@functools.cache
def _load(language: str) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for path in sorted((resources_folder() / "words" / language).glob("*.toml")):
        for table, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            tables.setdefault(table, {}).update(entries)
    return tables


@functools.cache
def catalogue(language: str) -> Catalogue:
    return Catalogue(language)


def system_language() -> str:
    """The language of the person's system, as far as we speak it."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")]
    name = next((each for each in names if each), "") or (locale.getlocale()[0] or "")
    return "zh_CN" if name.lower().startswith(("zh", "chinese")) else "en"


def missing(code: Code, language: str) -> list[str]:
    """Which parts of an error's words a language lacks (for the tests)."""
    entry = _load(language).get("errors", {}).get(code.value, {})
    return [part for part in ("title", "reason") if not entry.get(part)]
