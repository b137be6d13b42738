"""A model that was just added is tested; what can be put right by itself is put right, and told plainly."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace

from ..engines.base import ChatFormat, Engine, InstallRequest, SettlesPrompt
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener
from .inspection import Note
from .prepared import Prepared
from .smoke_test import SmokeReport, tested

_log = logging.getLogger(__name__)
# Only what ends a turn may stop an answer: a token that opens one would cut every answer short.
_ENDS = re.compile(
    r"</s>|<eos>|<\|(?:im_end|eot_id|end|endoftext|end_of_text|eom_id|END_OF_TURN_TOKEN)\|>|<end_of_turn>|<turn\|>"
)


@dataclass(frozen=True)
class Tested:
    """`notes`: what was mended or is not as it should be, as warnings."""

    report: SmokeReport
    notes: tuple[Note, ...] = ()


def put_to_the_test(
    engine: Engine, request: InstallRequest, prepared: Prepared, listener: Listener, cancel: CancelToken
) -> Tested:
    """`request`: how it was installed; a template that a person wrote is left as it is.

    A file that the engine cannot load at all does not stay in it. Raises what the engine raises then."""
    name = request.name
    compared = not prepared.embedding_only and not request.persona.template
    notes = _settled(engine, name, request.chat_format, cancel) if compared else []
    try:
        report = _ask(engine, name, prepared, listener, cancel)
        if report.verdict == "leaks" and _ENDS.fullmatch(report.detail):
            token = report.detail
            _add_stop(engine, name, token, listener, cancel)
            report = _ask(engine, name, prepared, listener, cancel)
            if report.verdict != "leaks":
                notes.append(Note("stop_word_added", {"name": name, "token": token}))
    except ModelyardError as error:
        if error.code is Code.ENGINE_LOAD_FAILED:
            engine.remove(name)
        raise
    if prepared.projector is not None and "vision" not in engine.show(name).model.capabilities:
        notes.append(Note("vision_lost", {"name": name}))
    return Tested(report, (*notes, *_verdict(report)))


def _ask(engine: Engine, name: str, prepared: Prepared, listener: Listener, cancel: CancelToken) -> SmokeReport:
    return tested(engine, name, listener, cancel, template=prepared.has_template, embedding=prepared.embedding_only)


def _settled(engine: Engine, name: str, chat_format: ChatFormat, cancel: CancelToken) -> list[Note]:
    """A server too old to show its prompt, or one that cannot load the model, says nothing here: the test that
    follows does."""
    if not isinstance(engine, SettlesPrompt):
        return []
    try:
        return (
            [] if engine.settle_prompt(name, chat_format, cancel) else [Note("ollama_prompt_differs", {"name": name})]
        )
    except ModelyardError as error:
        _log.info("prompt not compared: %s", error)
        return []


def _add_stop(engine: Engine, name: str, token: str, listener: Listener, cancel: CancelToken) -> None:
    persona = engine.show(name).persona
    known = persona.parameters.get("stop", ())
    stops = (known,) if isinstance(known, str) else tuple(known) if isinstance(known, (tuple, list)) else ()
    parameters = {**persona.parameters, "stop": (*stops, token)}
    engine.update(name, replace(persona, parameters=parameters), listener, cancel)


def _verdict(report: SmokeReport) -> list[Note]:
    match report.verdict:
        case "runs_on" | "silent":
            return [Note(report.verdict)]
        case "leaks":
            return [Note("leaks", {"detail": report.detail})]
        case "base":
            return [Note("base_model")]
        case "embedding":
            return [Note("embedding_model")]
        case _:
            return []
