"""Inspection of a ready-to-run file: from its header alone, here or on a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Code, ModelyardError
from ..formats.gguf import read_header
from ..formats.gguf_facts import GgufFacts, GgufKind, facts
from ..formats.gguf_repair import PERHAPS, repairs
from ..formats.mmproj import Projector, best_projectors, projector
from ..formats.source import FileSource
from ..formats.split import GgufSet, read_set
from ..host.machine import Machine
from .inspection import AS_IS, Inspection, Note, Refusal, SizeOption
from .naming import shown_title, technical_name
from .offers import Weights, offers
from .sources import Source
from .verdict import default_context, fit, group_of, memory_sum

_NO_MODEL = {
    GgufKind.MMPROJ: "mmproj",
    GgufKind.ADAPTER: "adapter",
    GgufKind.VOCAB: "vocab",
    GgufKind.IMATRIX: "imatrix",
    GgufKind.CONTROL_VECTOR: "control_vector",
}
_MOST_PROJECTORS = 20


def inspect_gguf(source: Source, path: Path, machine: Machine, projector: Path | None = None) -> Inspection:
    """A local file, or a split set by any of its parts. `projector`: known to belong to it. Raises the GGUF_* codes,
    FILE_MISSING, FILE_UNREADABLE."""
    whole, paths = read_set(path)
    known = facts(whole.header)
    paired = projector or paired_projector(path, known)
    size_bytes = sum(each.stat().st_size for each in paths)
    seen = gguf_inspection(source, path.name, whole, known, machine, size_bytes, paired)
    with FileSource(paths[0]) as first:
        proposals = repairs(first, whole.header)
    seen = replace(
        seen,
        repairs=tuple(Note(f"repair_{each.kind}", {"shown": each.shown}) for each in proposals),
        # What gets a conversation format is no base model.
        warnings=_warnings(known, gets_template=any(each.kind in ("chat_template", PERHAPS) for each in proposals)),
        repair_advised=any(each.kind != PERHAPS for each in proposals),
    )
    if seen.refusal is not None:
        return seen
    from .rewrite_gguf import smaller_sizes  # numpy and the quantizer: not needed to refuse

    weights = Weights(
        bytes_by_size=smaller_sizes(whole, paths, size_bytes),
        parameters=known.parameters,
        conversation=known.memory,
        context_limit=known.context_length,
        active_share=active_share(known),
        projector_bytes=_size_of(paired),
    )
    by_importance = smaller_sizes(whole, paths, size_bytes, importance=True)
    return replace(
        seen,
        sizes=(*seen.sizes, *_smaller(weights, known, machine)),
        importance_sizes=(*seen.sizes, *_smaller(replace(weights, bytes_by_size=by_importance), known, machine)),
    )


def _smaller(weights: Weights, known: GgufFacts, machine: Machine) -> list[SizeOption]:
    plain = known.size in ("F32", "F16", "BF16")
    return [replace(each, recommended=False, common=plain and each.common) for each in offers(weights, machine)]


def gguf_inspection(
    source: Source,
    file_name: str,
    whole: GgufSet,
    known: GgufFacts,
    machine: Machine,
    size_bytes: int,
    paired: Path | None = None,
) -> Inspection:
    """The inspection of a header read from anywhere. `size_bytes` of all parts together."""
    title = shown_title(Path(file_name).stem, known.name)
    refusal = None
    if known.kind in _NO_MODEL:
        refusal = Refusal(Code.GGUF_NO_MODEL, {"name": file_name, "kind": _NO_MODEL[known.kind]})
    elif not known.architecture or known.kind is GgufKind.OTHER:
        refusal = Refusal(Code.GGUF_NO_MODEL, {"name": file_name, "kind": known.kind.value})
    return Inspection(
        source=source,
        form="gguf",
        title=title,
        suggested_name=technical_name(title),
        architecture=known.architecture,
        family=known.architecture,
        parameters=known.parameters,
        context_length=known.context_length,
        tokenizer=" ".join(part for part in (known.tokenizer, known.pre_tokenizer) if part),
        chat_template=known.chat_template,
        licence=known.licence,
        licence_url=known.licence_link,
        embedding_only=known.is_embedding,
        vision=paired is not None or known.has_towers,
        stored_as=known.size,
        source_bytes=size_bytes,
        parts=len(whole.parts),
        base_model=next(iter(known.base_models), ""),
        projector=paired.name if paired else "",
        warnings=_warnings(known),
        sizes=() if refusal else (as_is_option(known, size_bytes, machine, _size_of(paired)),),
        refusal=refusal,
        details=_details(whole, known),
    )


def as_is_option(known: GgufFacts, size_bytes: int, machine: Machine, projector_bytes: int = 0) -> SizeOption:
    memory = memory_sum(size_bytes + projector_bytes, known.memory, default_context(known.context_length))
    return SizeOption(
        size=AS_IS,
        result_bytes=size_bytes,
        download_bytes=0,
        group=group_of(known.size),
        memory=memory,
        fit=fit(memory, machine, int(size_bytes * active_share(known))),
        seconds=size_bytes / 1e9,
        recommended=True,
        projector_bytes=projector_bytes,
    )


def _size_of(projector: Path | None) -> int:
    return projector.stat().st_size if projector is not None else 0


def active_share(known: GgufFacts) -> float:
    """The part of the weights read for one token: all, or about the used experts of a mixture."""
    if known.expert_count and known.expert_used_count:
        return min(1.0, known.expert_used_count / known.expert_count + 0.1)
    return 1.0


def paired_projector(path: Path, known: GgufFacts, elsewhere: Sequence[Path] = ()) -> Path | None:
    """The projector beside a model, or among those of `elsewhere`, that fits it best (by metadata,
    formats/mmproj.py)."""
    found: dict[str, tuple[Projector, Path]] = {}
    try:
        beside = sorted(each for each in path.parent.glob("*.gguf") if "mmproj" in each.name.lower())
    except OSError:
        return None
    for candidate in [*beside[:_MOST_PROJECTORS], *elsewhere]:
        if candidate == path:
            continue
        try:
            with FileSource(candidate) as source:
                seen = projector(read_header(source))
        except ModelyardError:
            continue  # somebody else's broken file is no reason to refuse this one
        if seen is not None:
            found[seen.name] = (seen, candidate)
    best = best_projectors(path.name, known, (each for each, _ in found.values()))
    return found[best[0].name][1] if best else None


def _warnings(known: GgufFacts, gets_template: bool = False) -> tuple[Note, ...]:
    if known.kind is not GgufKind.MODEL:
        return ()
    if known.is_embedding:
        return (Note("embedding_model"),)
    return () if known.chat_template or gets_template else (Note("base_model"),)


def _details(whole: GgufSet, known: GgufFacts) -> dict[str, str]:
    stored = ", ".join(f"{kind.name} × {use.tensors}" for kind, use in known.types.items())
    rows = {
        "format": f"GGUF v{whole.header.version}" + (f", {len(whole.parts)} files" if len(whole.parts) > 1 else ""),
        "architecture": known.architecture,
        "file_type": known.size,
        "tensors": f"{whole.header.tensor_count} ({stored})",
        "layers": str(known.block_count or ""),
        "embedding": str(known.embedding_length or ""),
        "experts": f"{known.expert_used_count} / {known.expert_count}" if known.expert_count else "",
        "vocabulary": str(known.vocabulary or ""),
        "tokenizer": " ".join(part for part in (known.tokenizer, known.pre_tokenizer) if part),
        "context_length": str(known.context_length or ""),
        "base_model": ", ".join(known.base_models),
        "tags": ", ".join(known.tags[:12]),
    }
    return {key: value for key, value in rows.items() if value}
