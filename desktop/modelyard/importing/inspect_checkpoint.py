"""Inspection of a model folder (or the same in a repository): what it will become, to the byte, from headers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..convert.content import GgufContent, MetadataEntry, ValueType
from ..convert.dequantize import unpacked
from ..convert.packed_as import encoder_left_out, packed_as
from ..errors import Code, ModelyardError
from ..formats.checkpoint import Checkpoint, TensorTable, architecture_of
from ..formats.gguf_facts import embeds
from ..formats.gguf_memory import ConversationMemory, conversation_memory
from ..formats.gguf_values import GgufEntry, GgufHeader
from ..formats.hf_folder import open_checkpoint
from ..host.machine import Machine
from ..quantize.layout import exact_sizes
from ..quantize.sizes import by_converter, offered
from .inspection import Inspection, Note, Refusal
from .naming import shown_title, technical_name
from .offers import Weights, offers
from .planned import PROJECTOR_SIZE, Contents, remembered_contents
from .sources import Source


def inspect_checkpoint(source: Source, path: Path, machine: Machine) -> Inspection:
    """A local folder, shard or zip. Raises the coded errors of formats/; what is readable and not convertible comes
    back as an Inspection with a refusal."""
    checkpoint = open_checkpoint(path)
    seen = checkpoint_inspection(
        source, checkpoint, machine, contents=lambda table: remembered_contents(path, unpacked(table))
    )
    if seen.refusal is not None and seen.refusal.code is Code.FAMILY_UNKNOWN:
        from .extended import extended_inspection

        return extended_inspection(seen, checkpoint, machine)
    return seen


def checkpoint_inspection(
    source: Source,
    checkpoint: Checkpoint,
    machine: Machine,
    *,
    contents: Callable[[TensorTable], Contents],
    download_bytes: int = 0,
    title: str = "",
) -> Inspection:
    """`checkpoint` from anywhere, of which `contents` are made. `download_bytes`: what is fetched for any size."""
    title = shown_title(title or checkpoint.name, str(checkpoint.config.get("_name_or_path", "")).rpartition("/")[2])
    common: dict[str, Any] = {
        "source": source,
        "form": "checkpoint",
        "title": title,
        "suggested_name": technical_name(title),
        "source_bytes": checkpoint.weight_bytes,
        "base_model": checkpoint.base_model or "",
        "risks": tuple(Note(risk) for risk in checkpoint.risks),
    }
    try:
        architecture = architecture_of(checkpoint.config, checkpoint.name)
    except ModelyardError as error:
        return Inspection(**common, refusal=Refusal.of(error))
    try:
        made = contents(checkpoint)
    except ModelyardError as error:
        return Inspection(**common, architecture=architecture, refusal=Refusal.of(error))
    seeing = made.projector
    projector_bytes = exact_sizes(seeing, [PROJECTOR_SIZE])[PROJECTOR_SIZE] if seeing else 0
    common |= content_facts(made.model) | _sizes(made.model, machine, download_bytes, projector_bytes)
    packing, better = packed_as(checkpoint)
    if packing:
        common["stored_as"] = packing
    if better:
        common["warnings"] = (Note("packed_weights", {"packing": packing}), *common["warnings"])
    if method := encoder_left_out(checkpoint):
        common["warnings"] = (Note("encoder_left_out", {"method": method}), *common["warnings"])
    return Inspection(**common, architecture=architecture, vision=seeing is not None)


def content_inspection(
    source: Source, content: GgufContent, weight_bytes: int, machine: Machine, title: str
) -> Inspection:
    """Of a content planned elsewhere."""
    return Inspection(
        source=source,
        form="checkpoint",
        title=title,
        suggested_name=technical_name(title),
        source_bytes=weight_bytes,
        architecture=content.architecture,
        **content_facts(content),
        **_sizes(content, machine, 0, 0),
    )


def content_facts(content: GgufContent) -> dict[str, Any]:
    """The fields of an Inspection that a planned content knows."""
    header = header_of(content)
    arch = content.architecture
    licence = header.text("general.license.name") or header.text("general.license")
    template = header.text("tokenizer.chat_template")
    embedding = embeds(header)
    warnings = [Note(code, _plain(fields)) for code, fields in content.warnings]
    if embedding:
        warnings.append(Note("embedding_model"))
    elif not template:
        warnings.append(Note("base_model"))
    if not licence:
        warnings.append(Note("no_licence"))
    return {
        "family": arch,
        "parameters": parameters_of(content),
        "context_length": header.integer(f"{arch}.context_length"),
        "tokenizer": " ".join(
            part for part in (header.text("tokenizer.ggml.model"), header.text("tokenizer.ggml.pre")) if part
        ),
        "chat_template": template,
        "licence": licence,
        "licence_url": header.text("general.license.link"),
        "embedding_only": embedding,
        "stored_as": _stored_as(content),
        "warnings": tuple(warnings),
        "details": _details(content, header),
    }


def parameters_of(content: GgufContent) -> int:
    total = 0
    for job in content.tensors:
        elements = 1
        for dimension in job.shape:
            elements *= dimension
        total += elements
    return total


def header_of(content: GgufContent) -> GgufHeader:
    """The planned metadata in the form of a read header, for the rules that work on headers."""
    entries = {entry.key: _entry(entry) for entry in content.metadata}
    return GgufHeader("", 3, 32, entries, (), len(content.tensors), 0, 0, False)


def memory_of(content: GgufContent) -> ConversationMemory | None:
    return conversation_memory(header_of(content))


def active_share_of(content: GgufContent) -> float:
    """The part of the weights read for one token (mixtures of experts read fewer)."""
    header, arch = header_of(content), content.architecture
    count, used = header.integer(f"{arch}.expert_count"), header.integer(f"{arch}.expert_used_count")
    return min(1.0, used / count + 0.1) if count and used else 1.0


def _sizes(content: GgufContent, machine: Machine, download_bytes: int, projector_bytes: int) -> dict[str, Any]:
    weights = Weights(
        bytes_by_size=exact_sizes(content, [size.name for size in (*offered(), *by_converter())]),
        parameters=parameters_of(content),
        conversation=memory_of(content),
        context_limit=header_of(content).integer(f"{content.architecture}.context_length"),
        active_share=active_share_of(content),
        projector_bytes=projector_bytes,
    )
    hidden = {size.name for size in by_converter()}
    listed = tuple(
        replace(each, listed=False, common=False) if each.size in hidden else each
        for each in offers(weights, machine, download_bytes)
    )
    by_importance = exact_sizes(content, [size.name for size in offered(importance=True)], importance=True)
    weighed = offers(replace(weights, bytes_by_size=by_importance), machine, download_bytes)
    return {
        "sizes": listed,
        "importance_sizes": (*weighed, *(each for each in listed if not each.listed)),
        "original": content.original,
    }


def _entry(entry: MetadataEntry) -> GgufEntry:
    value: Any = entry.value
    if entry.type is ValueType.ARRAY:
        count = len(value)
        short = tuple(value[:4096]) if count <= 4096 else None
        return GgufEntry(entry.key, entry.type, entry.element, count, 0, 0, short)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return GgufEntry(entry.key, entry.type, None, 1, 0, 0, value)


def _stored_as(content: GgufContent) -> str:
    kinds = {job.source_dtype for job in content.tensors if len(job.shape) > 1}
    return ", ".join(sorted(kinds))


def _details(content: GgufContent, header: GgufHeader) -> dict[str, str]:
    arch = content.architecture
    rows = {
        "architecture": arch,
        "tensors": str(len(content.tensors)),
        "layers": str(header.integer(f"{arch}.block_count") or ""),
        "embedding": str(header.integer(f"{arch}.embedding_length") or ""),
        "experts": str(header.integer(f"{arch}.expert_count") or ""),
        "vocabulary": str(header.metadata["tokenizer.ggml.tokens"].count)
        if "tokenizer.ggml.tokens" in header.metadata
        else "",
        "context_length": str(header.integer(f"{arch}.context_length") or ""),
        "original": content.original,
    }
    return {key: value for key, value in rows.items() if value}


def _plain(fields: Mapping[str, Any]) -> dict[str, str | int | float | None]:
    return {
        key: value if isinstance(value, (str, int, float)) or value is None else str(value)
        for key, value in fields.items()
    }
