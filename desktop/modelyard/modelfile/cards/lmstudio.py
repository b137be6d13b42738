"""LM Studio presets: `*.preset.json` of version 0.3 and later (fields of keys and values), and of 0.2.

Keys as in lmstudio-js (packages/lms-kv-config) and in presets that people publish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..persona import ParameterValue, Persona
from .parameters_json import add_option
from .values import Card, dump_json, items, table, text

_PLAIN = {
    "llm.prediction.temperature": "temperature",
    "llm.prediction.topKSampling": "top_k",
    "llm.prediction.stopStrings": "stop",
    "llm.prediction.seed": "seed",
    "llm.prediction.llama.cpuThreads": "num_thread",
    "llm.load.contextLength": "num_ctx",
    "llm.load.llama.evalBatchSize": "num_batch",
    "llm.load.llama.tryMmap": "use_mmap",
}
_CHECKED = {
    "llm.prediction.topPSampling": "top_p",
    "llm.prediction.minPSampling": "min_p",
    "llm.prediction.repeatPenalty": "repeat_penalty",
    "llm.prediction.maxPredictedTokens": "num_predict",
    "llm.prediction.llama.presencePenalty": "presence_penalty",
    "llm.prediction.llama.frequencyPenalty": "frequency_penalty",
    "llm.prediction.llama.locallyTypicalSampling": "typical_p",
}
_OLD = {
    "temp": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "repeat_penalty": "repeat_penalty",
    "repeat_last_n": "repeat_last_n",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "typical_p": "typical_p",
    "n_predict": "num_predict",
    "n_keep": "num_keep",
    "seed": "seed",
    "antiprompt": "stop",
    "n_ctx": "num_ctx",
    "n_batch": "num_batch",
    "n_gpu_layers": "num_gpu",
}
_OLD_SYSTEM = "pre_prompt"
_SYSTEM = "llm.prediction.systemPrompt"
# They only say "nothing special"; not worth a warning.
_SILENT = ("llm.prediction.structured", "llm.prediction.tools", "llm.prediction.contextPrefill")


def is_preset(record: Any) -> bool:
    return isinstance(record, dict) and any(key in record for key in ("operation", "inference_params"))


def read_preset(record: Mapping[str, Any]) -> Card:
    """Never raises: what has no counterpart is named in a warning."""
    if "inference_params" in record:
        return _read_old(record)
    parameters: dict[str, ParameterValue] = {}
    system, ignored = "", []
    fields = [*items(table(record, "operation"), "fields"), *items(table(record, "load"), "fields")]
    for field in (field for field in fields if isinstance(field, dict)):
        key, value = text(field, "key"), field.get("value")
        if isinstance(value, dict) and "checked" in value:
            if not value["checked"]:
                continue
            value = value.get("value")
        if key == _SYSTEM:
            system = text(field, "value")
        elif not add_option(parameters, _PLAIN.get(key) or _CHECKED.get(key, ""), value) and key not in _SILENT:
            ignored.append(key)
    return Card(Persona(name=text(record, "name"), system=system, parameters=parameters), _warning(ignored))


def _read_old(record: Mapping[str, Any]) -> Card:
    parameters: dict[str, ParameterValue] = {}
    inference = table(record, "inference_params")
    ignored = []
    for key, value in (*inference.items(), *table(record, "load_params").items()):
        if key != _OLD_SYSTEM and not add_option(parameters, _OLD.get(key, ""), value):
            ignored.append(key)
    persona = Persona(name=text(record, "name"), system=text(inference, _OLD_SYSTEM), parameters=parameters)
    return Card(persona, _warning(ignored))


def write_preset(persona: Persona) -> bytes:
    """A preset of today's kind. Example messages, template and licence have no place in it."""
    fields: dict[str, list[dict[str, Any]]] = {"operation": [], "load": []}

    def add(key: str, value: Any) -> None:
        fields["load" if key.startswith("llm.load.") else "operation"].append({"key": key, "value": value})

    if persona.system:
        add(_SYSTEM, persona.system)
    for names, checked in ((_PLAIN, False), (_CHECKED, True)):
        for key, name in names.items():
            if (value := persona.parameters.get(name)) is not None and not (name == "num_predict" and value == -1):
                plain = list(value) if isinstance(value, tuple) else value
                add(key, {"checked": True, "value": plain} if checked else plain)
    name = persona.name or "Persona"
    return dump_json(
        {
            "identifier": f"@local:{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'persona'}",
            "name": name,
            "changed": False,
            "operation": {"fields": fields["operation"]},
            "load": {"fields": fields["load"]},
        }
    )


def _warning(ignored: list[str]) -> tuple[tuple[str, dict[str, str | int]], ...]:
    return (("preset_fields_ignored", {"fields": ", ".join(sorted(set(ignored)))}),) if ignored else ()
