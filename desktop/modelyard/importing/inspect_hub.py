"""Inspection of a repository on the Hub: what it is, who may have it, what each size fetches and becomes."""

from __future__ import annotations

from dataclasses import replace

from ..errors import Code, ModelyardError
from ..events import CancelToken
from ..formats.adapter import WEIGHT_FILES, read_adapter
from ..formats.gguf import read_preview
from ..formats.gguf_facts import GgufFacts, facts
from ..host.machine import Machine
from ..hub.look import check_access, open_remote
from ..hub.session import Session
from ..hub.values import RepoListing
from ..hub.variants import GgufRepository, GgufVariant, gguf_variants
from .hub_look import HubLook, look_at
from .inspect_checkpoint import checkpoint_inspection
from .inspect_gguf import active_share
from .inspection import Inspection, Note, Refusal, SizeOption
from .naming import technical_name
from .sources import HubRepo
from .surroundings import Surroundings
from .verdict import default_context, fit, group_of, memory_sum

COMMON = ("Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16", "BF16", "MXFP4")
_PACKED = ("gptq", "awq", "bitsandbytes", "bnb", "mlx", "quantized")


def inspect_hub(source: HubRepo, surroundings: Surroundings, cancel: CancelToken) -> Inspection:
    """Raises HUB_* when the repository itself cannot be seen; what is seen and closed (gated) comes back refused."""
    with surroundings.hub() as session:
        look = look_at(session, source, cancel)
        listing = look.listing
        if listing.gated or listing.private:
            try:
                check_access(session, listing.id, cancel)
            except ModelyardError as error:
                return _about(
                    Inspection(source, "checkpoint", _title(listing), _name(listing), refusal=Refusal.of(error)),
                    listing,
                )
        pinned = replace(source, id=listing.id, revision=listing.revision)
        variants = gguf_variants(listing.files)
        if listing.file("adapter_config.json") is not None and not _has_weights(listing):
            return _about(_addon(pinned, look, surroundings, cancel), listing)
        if source.file.endswith(".gguf") or (variants.variants and not _has_weights(listing)):
            seen = _gguf_repository(pinned, session, listing, variants, surroundings.machine)
        else:
            seen = _checkpoint(pinned, look, surroundings.machine)
    return _about(seen, listing)


def _addon(source: HubRepo, look: HubLook, surroundings: Surroundings, cancel: CancelToken) -> Inspection:
    from .inspect_lora import addon_inspection

    adapter = read_adapter(look.tree)
    return addon_inspection(source, adapter, source.base, surroundings, cancel)


def wanted_variants(source: HubRepo, found: GgufRepository) -> list[GgufVariant]:
    """What is on offer: everything whole, or just the file that was named. Raises HUB_FILE_MISSING."""
    if source.file:
        variant = found.variant(source.file)
        if variant is None:
            raise ModelyardError(Code.HUB_FILE_MISSING, name=source.id, file=source.file)
        return [variant]
    return [variant for variant in found.variants if variant.complete]


def size_names(variants: list[GgufVariant]) -> dict[str, GgufVariant]:
    """A name for each: its size, or the file's name where sizes are missing or the same (several models in one)."""
    named: dict[str, GgufVariant] = {}
    for variant in variants:
        label = variant.size or variant.base
        if label in named:
            label = variant.files[0].name.removesuffix(".gguf")
        named[label] = variant
    return named


def _gguf_repository(
    source: HubRepo, session: Session, listing: RepoListing, found: GgufRepository, machine: Machine
) -> Inspection:
    variants = size_names(wanted_variants(source, found))
    if not variants:
        parts = ", ".join(variant.files[0].name for variant in found.variants[:3])
        return Inspection(
            source,
            "gguf",
            _title(listing),
            _name(listing),
            refusal=Refusal(Code.GGUF_SPLIT_INCOMPLETE, {"name": listing.id, "missing": parts}),
        )
    best = found.recommended(machine.memory) or next(iter(variants.values()))
    chosen = best if best in variants.values() else next(iter(variants.values()))
    if source.size:
        chosen = next((each for name, each in variants.items() if name.lower() == source.size.lower()), chosen)
    known = facts(read_preview(open_remote(session, listing, chosen.files[0].path)))
    seeing = found.projectors[0].size if found.projectors else 0
    options = [_option(name, each, known, machine, each == chosen, seeing) for name, each in variants.items()]
    options.sort(key=lambda option: option.result_bytes, reverse=True)
    return Inspection(
        source=source,
        form="gguf",
        title=_title(listing),
        suggested_name=_name(listing),
        architecture=known.architecture,
        family=known.architecture,
        parameters=known.parameters,
        context_length=known.context_length,
        tokenizer=known.tokenizer,
        chat_template=known.chat_template,
        licence=known.licence,
        embedding_only=known.is_embedding,
        vision=bool(found.projectors),
        stored_as=chosen.size,
        source_bytes=chosen.total_bytes,
        projector=found.projectors[0].name if found.projectors else "",
        sizes=tuple(options),
        details={"architecture": known.architecture, "revision": listing.revision},
    )


def _option(
    name: str, variant: GgufVariant, known: GgufFacts, machine: Machine, chosen: bool, projector_bytes: int
) -> SizeOption:
    total = variant.total_bytes
    memory = memory_sum(total + projector_bytes, known.memory, default_context(known.context_length))
    return SizeOption(
        size=name,
        result_bytes=total,
        download_bytes=total + projector_bytes,
        group=group_of(variant.size),
        memory=memory,
        fit=fit(memory, machine, int(total * active_share(known))),
        seconds=total / 1e9,
        recommended=chosen,
        common=chosen or variant.size in COMMON,
        beside_bytes=total if len(variant.files) > 1 else 0,  # parts, until they are one file
        files=tuple(file.path for file in variant.files),
        projector_bytes=projector_bytes,
    )


def _checkpoint(source: HubRepo, look: HubLook, machine: Machine) -> Inspection:
    listing = look.listing
    try:
        checkpoint = look.checkpoint
    except ModelyardError as error:
        return Inspection(source, "checkpoint", _title(listing), _name(listing), refusal=Refusal.of(error))
    seen = checkpoint_inspection(
        source,
        checkpoint,
        machine,
        contents=lambda _table: look.contents,
        download_bytes=checkpoint.weight_bytes,
        title=_title(listing),
    )
    largest = max((shard.size for shard in checkpoint.shards), default=0)
    return replace(
        seen,
        sizes=tuple(replace(option, beside_bytes=largest) for option in seen.sizes),
        importance_sizes=tuple(replace(option, beside_bytes=largest) for option in seen.importance_sizes),
    )


def _about(seen: Inspection, listing: RepoListing) -> Inspection:
    """What the repository's own page says goes before what files say."""
    licence = listing.licence or seen.licence
    warnings = tuple(note for note in seen.warnings if not (licence and note.code == "no_licence"))
    sibling = next(iter(listing.base_models), "")
    packed = seen.refusal is not None and sibling and any(word in " ".join(listing.tags).lower() for word in _PACKED)
    if packed:
        warnings = (*warnings, Note("sixteen_bit_sibling", {"base_model": sibling}))
    return replace(
        seen,
        licence=licence,
        licence_url=listing.licence_url or seen.licence_url,
        gated=listing.gated,
        base_model=sibling or seen.base_model,
        warnings=warnings,
    )


def _has_weights(listing: RepoListing) -> bool:
    """Of a model: some tools put the base's config.json beside an add-on."""
    own = (file.path for file in listing.files if file.path.rpartition("/")[2] not in WEIGHT_FILES)
    return listing.file("config.json") is not None and any(
        path.endswith((".safetensors", ".bin", ".pth")) for path in own
    )


def _title(listing: RepoListing) -> str:
    return listing.id.rpartition("/")[2].removesuffix("-GGUF").removesuffix("-gguf")


def _name(listing: RepoListing) -> str:
    return technical_name(_title(listing))
