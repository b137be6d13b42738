"""What is worth telling about a persona as it stands: mistakes and warnings of the text, what only Modelyard keeps,
what the chosen model makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engines.base import InstalledModel
from ...errors import Code, ModelyardError
from ...modelfile.checking import Finding
from ...modelfile.persona import Persona
from ...words.catalogue import Catalogue
from .reading import Reading

if TYPE_CHECKING:
    from ...importing.running_cost import RunningCost

_RICH = ("tools", "thinking")


@dataclass(frozen=True)
class Note:
    """`start`: where in the text, in characters; None for what concerns the whole. `line` begins with 1."""

    text: str
    is_error: bool
    start: int | None = None
    line: int = 0


@dataclass(frozen=True)
class Setting:
    """Where the persona is to live. `known`: the models are listed, so that an unknown base is one."""

    base: InstalledModel | None = None
    cost: RunningCost | None = None
    known: bool = False


def notes(words: Catalogue, reading: Reading, setting: Setting) -> list[Note]:
    """Errors first, then in the order of the text."""
    found = list(_of_text(words, reading))
    found += [Note(words.warning(code, fields), False) for code, fields in reading.losses]
    found += [Note(words.warning(code, fields), False) for code, fields in _of_setting(reading.persona, setting)]
    return sorted(found, key=lambda note: not note.is_error)


def finding_words(words: Catalogue, finding: Finding, line: int) -> str:
    """`line`: as the editor counts; Ollama's own number may be another."""
    if not finding.is_error:
        return words.warning(finding.code, finding.fields)
    fields = {**finding.fields, **({"line": line} if "line" in finding.fields else {})}
    return words.error_line(ModelyardError(Code(finding.code), **fields))


def _of_text(words: Catalogue, reading: Reading) -> Iterator[Note]:
    text = reading.document.text if reading.findings else ""
    line, counted = 1, 0
    for finding in reading.findings:
        line += text.count("\n", counted, finding.start)
        counted = max(counted, finding.start)
        yield Note(finding_words(words, finding, line), finding.is_error, finding.start, line)


def _of_setting(persona: Persona, setting: Setting) -> Iterator[tuple[str, dict[str, object]]]:
    base = setting.base
    if persona.base and base is None and setting.known:
        yield "base_unknown", {"name": persona.base}
    if persona.template and base is not None:
        if base.engine == "builtin":
            yield "template_builtin", {}
        elif any(each in base.capabilities for each in _RICH):
            yield "template_ignored", {}
    tokens = persona.parameters.get("num_ctx")
    if setting.cost is not None and isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0:
        memory = setting.cost.at(tokens)
        if setting.cost.fit(tokens).value == "wont_fit":
            have = setting.cost.machine.memory
            yield "memory_beyond", {"tokens": f"{tokens:,}", "total_bytes": memory.total, "have_bytes": have}
