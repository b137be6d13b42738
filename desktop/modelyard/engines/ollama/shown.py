"""What /api/show says about a model, as values. Read from raw JSON: the official client drops half of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...modelfile.parameters import PARAMETERS, ParameterKind
from ...modelfile.persona import ExampleMessage, ParameterValue, Persona
from .derive import is_derived
from .templates import is_anybodys_template, parted_stops

NO_TEMPLATE = "{{ .Prompt }}"  # what Ollama prints where a model has none
# Every command that may stand behind TEMPLATE; REQUIRES and CAPABILITY are printed by none of the servers we know.
_COMMANDS = "SYSTEM|RENDERER|PARSER|REQUIRES|CAPABILITY|PARAMETER|LICENSE|MESSAGE"
_FOLLOWING = rf"(?=\n(?:{_COMMANDS}) |\n*\Z)"
_GO_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """`persona`: what somebody chose. `ends`: stops that end the model's turns, given to it by an import; what Ollama
    adds by itself is in neither. `template`: its TEMPLATE, whoever chose it. `blobs`: paths of the FROM lines (model
    first, then projectors). `rendering`: what Ollama really renders with, which may be the GGUF's Jinja and not the
    TEMPLATE. `extras`: other weights (ADAPTER, DRAFT) that only `from` can keep."""

    persona: Persona
    template: str
    ends: tuple[str, ...]
    blobs: tuple[str, ...]
    extras: tuple[str, ...]
    rendering: str
    renderer: str
    parser: str
    requires: str
    metadata: Mapping[str, Any]
    details: Mapping[str, Any]
    capabilities: tuple[str, ...]
    remote: bool

    @property
    def own_template(self) -> str:
        """A template made for this very model, which Ollama would not find again by itself."""
        return self.template if is_derived(self.template) else ""


def read_show(answer: Mapping[str, Any]) -> Shown:
    """Any missing or odd field reads as empty."""
    modelfile = _text(answer, "modelfile")
    system, rendering = _text(answer, "system"), _text(answer, "template")
    template, rest = _template(modelfile, rendering)
    rest = rest.replace("SYSTEM " + quote(system), "", 1) if system else rest
    rest = re.split(r"\n(?:PARAMETER|LICENSE|MESSAGE) ", rest, maxsplit=1)[0]  # RENDERER and PARSER stand before those
    parameters = read_parameters(_text(answer, "parameters"))
    chosen, ends = parted_stops(parameters.pop("stop", None))
    if chosen:
        parameters["stop"] = chosen
    template = "" if template == NO_TEMPLATE else template
    persona = Persona(
        system=system,
        parameters=parameters,
        messages=_messages(answer.get("messages")),
        template="" if is_anybodys_template(template) else template,
        licenses=_licenses(modelfile, _text(answer, "license")),
    )
    info = answer.get("model_info")
    details = answer.get("details")
    capabilities = answer.get("capabilities")
    return Shown(
        persona=persona,
        template=template,
        ends=ends,
        blobs=_weights(modelfile, "FROM"),
        extras=_weights(modelfile, "ADAPTER") + _weights(modelfile, "DRAFT"),
        rendering=rendering,
        renderer=_text(answer, "renderer") or _word(rest, "RENDERER"),
        parser=_text(answer, "parser") or _word(rest, "PARSER"),
        requires=_text(answer, "requires"),
        metadata=info if isinstance(info, dict) else {},
        details=details if isinstance(details, dict) else {},
        capabilities=tuple(map(str, capabilities)) if isinstance(capabilities, list) else (),
        remote=bool(answer.get("remote_host") or answer.get("remote_model")),
    )


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    return value if isinstance(value, str) else ""


def quote(text: str) -> str:
    """How Ollama prints a text into a Modelfile (not always reversible)."""
    if "\n" in text or text.startswith(" ") or text.endswith(" "):
        return f'"""{text}"""' if '"' in text else f'"{text}"'
    return text


def _unquote(text: str) -> str:
    for mark in ('"""', '"'):
        if text.startswith(mark) and text.endswith(mark) and len(text) >= 2 * len(mark):
            return text[len(mark) : -len(mark)]
    return text


def _weights(modelfile: str, command: str) -> tuple[str, ...]:
    """Paths of the commands that stand before TEMPLATE; what comes later may be text of the model's author."""
    head = modelfile.partition("\nTEMPLATE ")[0]
    return tuple(line[len(command) + 1 :] for line in head.splitlines() if line.startswith(command + " "))


def _word(text: str, command: str) -> str:
    found = re.search(rf"^{command} (\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _template(modelfile: str, rendering: str) -> tuple[str, str]:
    """The TEMPLATE as written, and what follows it."""
    _, command, rest = modelfile.partition("\nTEMPLATE ")
    if not command:
        return "", modelfile
    printed = quote(rendering)
    if rendering and rest.startswith(printed) and (len(rest) == len(printed) or rest[len(printed)] == "\n"):
        return rendering, rest[len(printed) :]
    for mark in ('"""', '"'):
        if rest.startswith(mark) and (found := re.match(rf"{mark}(.*?){mark}{_FOLLOWING}", rest, re.DOTALL)):
            return found[1], rest[found.end() :]
    line, _, after = rest.partition("\n")
    return line, after


def _licenses(modelfile: str, joined: str) -> tuple[str, ...]:
    """The licences apart; joined as one where the printed Modelfile cannot be taken apart with certainty."""
    if not joined:
        return ()
    start = modelfile.find("\nLICENSE ")
    while start >= 0:
        pieces = re.split(r"(?:^|\n)LICENSE ", _before_messages(modelfile[start:]))
        parts = [_unquote(piece.removesuffix("\n")) for piece in pieces[1:]]
        if "\n".join(parts) == joined:
            return tuple(parts)
        start = modelfile.find("\nLICENSE ", start + 1)
    return (joined,)


def _before_messages(text: str) -> str:
    found = re.search(r"\nMESSAGE (?:system|user|assistant) ", text)
    return text[: found.start()] if found else text


def _messages(value: Any) -> tuple[ExampleMessage, ...]:
    entries = value if isinstance(value, list) else []
    return tuple(
        ExampleMessage(str(entry.get("role", "")), str(entry.get("content", "")))
        for entry in entries
        if isinstance(entry, dict)
    )


def read_parameters(text: str) -> dict[str, ParameterValue]:
    """`show`'s lines `name<spaces>value`: texts Go-quoted, large numbers in exponent form, `stop` once a line."""
    values: dict[str, ParameterValue] = {}
    stops: list[str] = []
    for line in text.splitlines():
        name, _, raw = line.partition(" ")
        raw = raw.strip()
        if not name or not raw:
            continue
        value = _parameter(name, raw)
        if name == "stop":
            stops.append(str(value))
        else:
            values[name] = value
    return values | ({"stop": tuple(stops)} if stops else {})


def _parameter(name: str, raw: str) -> ParameterValue:
    if len(raw) >= 2 and raw[0] == raw[-1] == '"':
        return go_unquote(raw[1:-1])
    if raw in ("true", "false"):
        return raw == "true"
    try:
        number = float(raw)
    except ValueError:
        return raw
    known = PARAMETERS.get(name)
    whole = number.is_integer() and (known is None or known.kind is not ParameterKind.FLOAT)
    return int(number) if whole else number


def go_unquote(text: str) -> str:
    """The inside of a Go-quoted string (strconv.Quote)."""

    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code else _GO_ESCAPES.get(match[4], match[4])

    return _ESCAPE.sub(plain, text)
