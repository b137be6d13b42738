"""A Go template made from a Jinja template by watching it work.

The Jinja is rendered with marked messages; what stands between the marks are the pieces a Go template repeats. The
pieces must rebuild a longer conversation exactly, else there is no such Go template and None is the answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .jinja import JinjaFailed, render_jinja

_Turn = tuple[str, str]
_OPENING = '{{- range $i, $m := .Messages }}{{ if eq .Role "system" }}'
_SYSTEM, _USER, _ANSWER = "⟦system⟧", "⟦user{}⟧", "⟦answer{}⟧"


@dataclass(frozen=True)
class _Pieces:
    """Texts around the contents: before the first person's turn, from a person's turn to an answer and back, after
    the last person's turn; before and after a system text that begins the conversation."""

    first: str
    to_answer: str
    to_user: str
    last: str
    before_system: str
    after_system: str

    def rendered(self, turns: list[_Turn]) -> str:
        text = ""
        for number, (role, content) in enumerate(turns):
            at_end = number == len(turns) - 1
            if role == "system":
                text += self.before_system + content + self.after_system
            elif role == "user":
                text += (self.first if number == 0 else "") + content + (self.last if at_end else self.to_answer)
            else:
                text += content + ("" if at_end else self.to_user)
        return text


def derive_go_template(jinja: str, eos_token: str) -> str | None:
    """The Go template, without the beginning-of-text token, which Ollama adds itself."""
    try:
        pieces = _watch(jinja, eos_token)
        if pieces is None or not _rebuilds(pieces, jinja, eos_token):
            return None
    except JinjaFailed:
        return None
    return _write(pieces)


def is_derived(go: str) -> bool:
    """Whether a Go template looks like one of those made here."""
    return go.startswith(_OPENING)


def _turns(pairs: int, system: bool) -> list[_Turn]:
    turns: list[_Turn] = [("system", _SYSTEM)] if system else []
    for number in range(pairs):
        turns += [("user", _USER.format(number)), ("assistant", _ANSWER.format(number))]
    return [*turns, ("user", _USER.format(pairs))]


def _render(jinja: str, turns: list[_Turn], eos_token: str) -> str:
    messages = [{"role": role, "content": content} for role, content in turns]
    return render_jinja(jinja, messages, bos_token="", eos_token=eos_token)


def _watch(jinja: str, eos_token: str) -> _Pieces | None:
    around = _between(_render(jinja, _turns(1, False), eos_token), _turns(1, False))
    if around is None:
        return None
    first, to_answer, to_user, last = around
    try:
        with_system = _between(_render(jinja, _turns(0, True), eos_token), _turns(0, True))
    except JinjaFailed:  # formats without a system turn: its text opens the person's first turn
        with_system = None
    if with_system is None or with_system[2] != last:
        return _Pieces(first, to_answer, to_user, last, first, "\n\n")
    return _Pieces(first, to_answer, to_user, last, with_system[0], with_system[1])


def _between(text: str, turns: list[_Turn]) -> list[str] | None:
    """The texts around the contents, or None unless each content stands there once and in order."""
    pieces = []
    for _, content in turns:
        before, mark, text = text.partition(content)
        if not mark or content in text:
            return None
        pieces.append(before)
    return [*pieces, text]


def _rebuilds(pieces: _Pieces, jinja: str, eos_token: str) -> bool:
    if pieces.rendered(_turns(2, False)) != _render(jinja, _turns(2, False), eos_token):
        return False
    try:
        longer = _render(jinja, _turns(2, True), eos_token)
    except JinjaFailed:
        return True
    return pieces.rendered(_turns(2, True)) == longer or _SYSTEM not in longer


def _write(pieces: _Pieces) -> str:
    """Texts stand as quoted Go strings: trim marks cannot touch them."""
    last = "(eq (len (slice $.Messages $i)) 1)"
    return (
        f"{_OPENING}"
        f"{_quoted(pieces.before_system)}{{{{ .Content }}}}{_quoted(pieces.after_system)}"
        '{{ else if eq .Role "user" }}'
        f"{{{{ if eq $i 0 }}}}{_quoted(pieces.first)}{{{{ end }}}}{{{{ .Content }}}}"
        f"{{{{ if {last} }}}}{_quoted(pieces.last)}{{{{ else }}}}{_quoted(pieces.to_answer)}{{{{ end }}}}"
        '{{ else if eq .Role "assistant" }}'
        f"{{{{ .Content }}}}{{{{ if not {last} }}}}{_quoted(pieces.to_user)}{{{{ end }}}}"
        "{{ end }}{{ end }}"
    )


def _quoted(text: str) -> str:
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""
