"""Which chat template a model gets in Ollama, and where its turns end.

Ollama renders with the GGUF's own Jinja unless it recognises the text as one of the formats it has a Go template for,
or is given one. What it does not recognise we leave to the Jinja. What it does recognise gets a Go template of ours,
made from this very Jinja (derive.py) where possible, so that the prompt is the model's own and not the nearest one.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from ...host.folders import resources_folder
from ...modelfile.persona import ParameterValue, Persona
from ..base import ChatFormat
from .derive import derive_go_template, is_derived
from .distance import distance_below

NEAR = 100  # Ollama's own limit
_EOS = "{{eos}}"
# What ends a turn in the formats of the field, never what opens one: such a stop is the model's and nobody's choice.
_END_TOKEN = re.compile(
    r"</s>|<eos>|<end_of_turn>|<end_message>|<turn\|>|\[\|endofturn\|\]"
    r"|<[|｜](?![^<>]*header)[^<>\s]{0,30}(?:end|END|eot|eos|eom|return)[^<>\s]{0,30}[|｜]>"
)
_CAPABLE = (("tools", "tool_call"), ("<think>",), ("</think>",))  # what Ollama searches a Jinja text for


@dataclass(frozen=True)
class KnownFormat:
    """A format by Ollama's name. `go` and `ends` may hold the mark {{eos}} for the model's own end token.
    `ollama_stop`: the stops that Ollama gives a model of this format by itself."""

    name: str
    go: str
    ends: tuple[str, ...]
    ollama_stop: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateChoice:
    """`template` for create (empty: leave it to the GGUF), all parameters with `stop` completed, codes of warnings."""

    template: str
    parameters: Mapping[str, ParameterValue]
    warnings: tuple[str, ...] = ()


@functools.cache
def known_formats() -> dict[str, KnownFormat]:
    text = (resources_folder() / "ollama" / "templates.toml").read_text(encoding="utf-8")
    return {
        name: KnownFormat(
            name, entry["go"], tuple(entry["end"]), tuple(entry["ollama_stop"]), tuple(entry.get("contains", ()))
        )
        for name, entry in tomllib.loads(text).items()
    }


@functools.cache
def _references() -> tuple[tuple[str, str], ...]:
    text = (resources_folder() / "ollama" / "references.json").read_text(encoding="utf-8")
    return tuple((entry["name"], entry["jinja"]) for entry in json.loads(text)["references"])


@functools.lru_cache(maxsize=8)
def recognise(jinja: str) -> KnownFormat | None:
    """The format of a Jinja text: the nearest reference within Ollama's distance, else by its tokens."""
    best, limit = "", NEAR
    for name, reference in _references():
        distance = distance_below(jinja, reference, limit)
        if distance is not None:
            best, limit = name, distance
        if limit == 0:
            break
    if best:
        return known_formats()[best]
    marked = (each for each in known_formats().values() if each.contains)
    return next((each for each in marked if all(token in jinja for token in each.contains)), None)


def parted_stops(stops: ParameterValue | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a person chose of a model's stops, and the model's own ends of a turn. Neither holds the list that Ollama
    writes by itself for a format it recognises, and would write again."""
    given = (stops,) if isinstance(stops, str) else stops if isinstance(stops, tuple) else ()
    if any(given == known.ollama_stop for known in known_formats().values()):
        return (), ()
    ends = tuple(stop for stop in given if _END_TOKEN.fullmatch(stop))
    return tuple(stop for stop in given if stop not in ends), ends


def with_ends(stops: ParameterValue | None, ends: tuple[str, ...]) -> tuple[str, ...]:
    """Stops that somebody chose, and the model's own."""
    chosen = (stops,) if isinstance(stops, str) else stops if isinstance(stops, tuple) else ()
    return tuple(dict.fromkeys((*chosen, *ends)))


def is_anybodys_template(go: str) -> bool:
    """Whether a TEMPLATE is one that Modelyard or Ollama gives a model by itself, so that nobody chose it."""
    return is_derived(go) or any(pattern.fullmatch(go) for pattern in _usual_templates())


@functools.cache
def _usual_templates() -> tuple[re.Pattern[str], ...]:
    texts = (re.escape(known.go).replace(re.escape(_EOS), r"\S{1,60}") for known in known_formats().values())
    return tuple(re.compile(text) for text in texts)


def outdoes(jinja: str, go: str) -> bool:
    """Whether Ollama ignores a Go template because the Jinja can do more (tools, thinking)."""
    return any(any(w in jinja for w in words) and not any(w in go for w in words) for words in _CAPABLE)


def choose_template(chat_format: ChatFormat, persona: Persona) -> TemplateChoice:
    """A template in the persona is the person's will and is sent as it is."""
    known = recognise(chat_format.template) if chat_format.template else None
    parameters = dict(persona.parameters)
    if stops := _stops(parameters.get("stop"), chat_format, known):
        parameters["stop"] = stops
    warnings: tuple[str, ...] = ()
    template = persona.template
    if template:
        warnings = ("ollama_template_ignored",) if outdoes(chat_format.template, template) else ()
    elif known is not None and not outdoes(chat_format.template, known.go):
        template = next(iter(candidate_templates(chat_format)), "")
    return TemplateChoice(template, parameters, warnings)


def candidate_templates(chat_format: ChatFormat) -> list[str]:
    """Go templates that may stand for the model's Jinja, the likeliest first."""
    known = recognise(chat_format.template)
    eos = _eos(chat_format, known)
    derived = derive_go_template(chat_format.template, eos)
    return [text for text in (derived, known.go.replace(_EOS, eos) if known else None) if text]


def _eos(chat_format: ChatFormat, known: KnownFormat | None) -> str:
    ends = known.ends if known is not None else ()
    return chat_format.eos_token or next((end for end in ends if end != _EOS), "</s>")


def _stops(given: ParameterValue | None, chat_format: ChatFormat, known: KnownFormat | None) -> tuple[str, ...]:
    """The person's stops, the model's end tokens and the format's end of turn, each once."""
    stops = [given] if isinstance(given, str) else list(given) if isinstance(given, tuple) else []
    stops += chat_format.end_tokens
    if known is not None:
        stops += [end.replace(_EOS, _eos(chat_format, known)) for end in known.ends]
    return tuple(dict.fromkeys(stop for stop in stops if stop))
