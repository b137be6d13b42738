"""Open WebUI models: the JSON that its "export" writes, a list of models or one."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from ..parameters import PARAMETERS
from ..persona import ParameterValue, Persona
from ..pictures import picture_name
from .parameters_json import add_option
from .values import Card, dump_json, table, text

_RENAMED = {"max_tokens": "num_predict"}
_PICTURE = re.compile(r"data:image/(?:png|jpe?g);base64,([A-Za-z0-9+/=\s]+)")


def is_model(record: Any) -> bool:
    """True for one model or a list of them."""
    if isinstance(record, list):
        return bool(record) and is_model(record[0])
    if not isinstance(record, dict):
        return False
    return (
        "base_model_id" in record or isinstance(record.get("info"), dict) or ("params" in record and "meta" in record)
    )


def read_model(record: Any) -> Card:
    """The first model. Never raises."""
    if isinstance(record, list):
        record = record[0]
    if isinstance(record.get("info"), dict):
        record = {**record, **record["info"]}
    params, meta = table(record, "params"), table(record, "meta")
    parameters: dict[str, ParameterValue] = {}
    ignored = []
    for key, value in params.items():
        if key in ("system", "template") or value is None:
            continue
        if not add_option(parameters, _RENAMED.get(key, key), value):
            ignored.append(key)
    persona = Persona(
        name=text(record, "name"),
        system=text(params, "system"),
        template=text(params, "template"),
        parameters=parameters,
        base=text(record, "base_model_id"),
        picture=_picture(meta),
    )
    return Card(persona, (("preset_fields_ignored", {"fields": ", ".join(sorted(ignored))}),) if ignored else ())


def write_model(persona: Persona) -> bytes:
    """A list of one model, as the import of Open WebUI expects it. Example messages have no place in it."""
    name = persona.name or "Persona"
    params: dict[str, Any] = {"system": persona.system} if persona.system else {}
    for key, value in persona.parameters.items():
        if key in PARAMETERS:
            params[key] = list(value) if isinstance(value, tuple) else value
    meta: dict[str, Any] = {"description": "", "capabilities": {}, "tags": []}
    if kind := picture_name(persona.picture):
        media = "png" if kind.endswith("png") else "jpeg"
        meta["profile_image_url"] = f"data:image/{media};base64,{base64.b64encode(persona.picture).decode('ascii')}"
    identifier = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "persona"
    record = {
        "id": identifier,
        "base_model_id": persona.base or None,
        "name": name,
        "params": params,
        "meta": meta,
        "is_active": True,
    }
    return dump_json([record])


def _picture(meta: Mapping[str, Any]) -> bytes:
    match = _PICTURE.fullmatch(text(meta, "profile_image_url"))
    if match is None:
        return b""
    try:
        picture = base64.b64decode(match[1], validate=False)
    except binascii.Error:
        return b""
    return picture if picture_name(picture) else b""
