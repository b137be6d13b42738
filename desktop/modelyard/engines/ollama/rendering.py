"""Does Ollama really send the model what its own template says? `_debug_render_only` against our own rendering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...events import CancelToken
from ...modelfile.persona import Persona
from ..base import ChatFormat
from .client import Connection
from .jinja import JinjaFailed, render_jinja
from .templates import candidate_templates
from .updating import show, update
from .version import Version

_LOAD_SECONDS = 600.0  # rendering loads the model first


@dataclass(frozen=True)
class RenderCheck:
    """`expected` is None where the model's own template cannot be rendered: then nothing can be said."""

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
    expected = _expected(chat_format, [*system, *stored, *question])
    if expected is not None and persona.system and persona.system not in expected:
        expected = None
    return RenderCheck(expected, _without(actual, chat_format.bos_token))


def rendered_by_ollama(connection: Connection, name: str, messages: Sequence[Mapping[str, str]]) -> str:
    """The exact prompt. Raises OLLAMA_NOT_OLLAMA from a server too old to show it."""
    body = {"model": name, "messages": list(messages), "stream": False, "_debug_render_only": True, "think": False}
    answer = connection.post("/api/chat", body, name, _LOAD_SECONDS)
    with connection.errors(name):
        return str(answer["_debug_info"]["rendered_template"])


def _expected(chat_format: ChatFormat, messages: Sequence[Mapping[str, str]]) -> str | None:
    if not chat_format.template:
        return None
    try:
        text = render_jinja(chat_format.template, messages, bos_token="", eos_token=chat_format.eos_token)
    except JinjaFailed:
        return None
    return _without(text, chat_format.bos_token)


def _without(text: str, bos_token: str) -> str:
    return text.removeprefix(bos_token) if bos_token else text


def repair_rendering(
    connection: Connection, version: Version, name: str, chat_format: ChatFormat, cancel: CancelToken
) -> RenderCheck:
    """Tries our Go templates until Ollama sends what the model expects; the old one comes back if none does.

    Returns the last word: a check that `differs` means that nothing helped."""
    persona = show(connection, name).persona
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
            update(connection, version, name, persona, CancelToken())
    return before
