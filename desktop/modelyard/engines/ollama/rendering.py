"""Does Ollama really send the model what its own template says? `_debug_render_only` against our own rendering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...events import CancelToken
from ...modelfile.persona import Persona
from ..base import ChatFormat
from .client import Connection
from .jinja import JinjaFailed, render_jinja
from .templates import candidate_templates
from .updating import build, show, update
from .version import Version

_LOAD_SECONDS = 600.0  # rendering loads the model first
_THINKS_NOT = {"enable_thinking": False, "thinking": False}
_WISHES: tuple[Mapping[str, Any], ...] = ({"tools": None}, {"tools": None, **_THINKS_NOT}, {}, _THINKS_NOT)


@dataclass(frozen=True)
class RenderCheck:
    """`expected` is None where the model's own template cannot be rendered: then nothing can be said. Where it says
    different things to servers that differ in what they tell it, `expected` is the one that was met, if any."""

    expected: str | None
    actual: str

    @property
    def differs(self) -> bool:
        return self.expected is not None and self.expected != self.actual


def check_rendering(connection: Connection, name: str, chat_format: ChatFormat, persona: Persona) -> RenderCheck:
    """One question as the installed model gets it, beside the same question rendered by us. Loads the model.

    The beginning-of-text token is left out of both: llama.cpp adds it. A system text that the model's own template
    drops counts as no difference, since Ollama then folds it into the question."""
    question = [{"role": "user", "content": "Hello"}]
    actual = rendered_by_ollama(connection, name, question)
    stored = [{"role": each.role, "content": each.content} for each in persona.messages]
    system = [{"role": "system", "content": persona.system}] if persona.system else []
    wanted = _expected(chat_format, [*system, *stored, *question])
    actual = _without(actual, chat_format.bos_token)
    if not wanted or (persona.system and persona.system not in wanted[0]):
        return RenderCheck(None, actual)
    return RenderCheck(actual if actual in wanted else wanted[0], actual)


def rendered_by_ollama(connection: Connection, name: str, messages: Sequence[Mapping[str, str]]) -> str:
    """The exact prompt. Raises OLLAMA_NOT_OLLAMA from a server too old to show it."""
    body = {"model": name, "messages": list(messages), "stream": False, "_debug_render_only": True, "think": False}
    answer = connection.post("/api/chat", body, name, _LOAD_SECONDS)
    with connection.errors(name):
        return str(answer["_debug_info"]["rendered_template"])


def _expected(chat_format: ChatFormat, messages: Sequence[Mapping[str, str]]) -> list[str]:
    """What the template may say to the question, without thinking: templates know the wish under several names, or not
    at all, and ask in several ways whether there are tools. Empty where it cannot be rendered."""
    texts = []
    for told in _WISHES if chat_format.template else ():
        try:
            text = render_jinja(chat_format.template, messages, eos_token=chat_format.eos_token, told=told)
        except JinjaFailed:
            continue
        texts.append(_without(text, chat_format.bos_token))
    return texts


def _without(text: str, bos_token: str) -> str:
    return text.removeprefix(bos_token) if bos_token else text


def repair_rendering(
    connection: Connection, version: Version, name: str, chat_format: ChatFormat, cancel: CancelToken
) -> RenderCheck:
    """Tries our Go templates until Ollama sends what the model expects; the old one comes back if none does.

    Returns the last word: a check that `differs` means that nothing helped."""
    shown = show(connection, name)
    persona = shown.persona
    before = check_rendering(connection, name, chat_format, persona)
    if not before.differs:
        return before
    settled = False
    try:
        for template in candidate_templates(chat_format):
            cancel.check()
            tried = replace(persona, template=template)
            update(connection, version, name, tried, CancelToken())
            check = check_rendering(connection, name, chat_format, tried)
            settled = not check.differs
            if settled:
                return check
    finally:
        if not settled:
            build(connection, version, name, name, persona, CancelToken(), shown.template)
    return before
