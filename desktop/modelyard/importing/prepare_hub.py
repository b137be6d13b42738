"""From a repository to a finished GGUF: ready files are fetched, checkpoints are converted while they are fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..convert.content import GgufContent
from ..convert.dequantize import packing_of, unpacked
from ..convert.plan import gguf_content
from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step
from ..formats.checkpoint import Checkpoint, TensorTable
from ..formats.checkpoint_tensor import FileRange
from ..formats.hf_folder import read_checkpoint
from ..hub.fetch.fetch import Fetch, FetchOptions
from ..hub.look import list_repository
from ..hub.session import Session
from ..hub.values import RepoFile, RepoListing
from ..hub.variants import gguf_variants
from ..quantize.writer import write_gguf
from .hub_tree import HubTree
from .imatrix import read_importance
from .inspect_hub import size_names, wanted_variants
from .inspection import AS_IS
from .plan import ImportPlan
from .prepare import prepare_gguf
from .prepare_checkpoint import finished, prepare_checkpoint
from .prepared import Prepared, result_path
from .sources import HubRepo
from .steps import step
from .surroundings import Surroundings

_READ_WHOLE_FIRST = ("bitsandbytes", "compressed-tensors")  # planning needs a few small tensors of these


def prepare_hub(
    source: HubRepo,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Raises HUB_*, and what reading, converting and writing raise. Fetched bytes stay for the next try."""
    with surroundings.hub() as session:
        with step(Step.LOOKING, listener):
            listing = list_repository(session, source.id, source.revision, cancel)
        place = folder / "fetched"
        if plan.choice.keep_original:
            place = surroundings.folders.downloads.joinpath(*listing.id.split("/"))
        if plan.form == "gguf":
            return _ready_files(source, plan, folder, place, session, listing, surroundings, listener, cancel)
        return _checkpoint(plan, folder, place, session, listing, surroundings, listener, cancel)


def _ready_files(
    source: HubRepo,
    plan: ImportPlan,
    folder: Path,
    place: Path,
    session: Session,
    listing: RepoListing,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    found = gguf_variants(listing.files)
    named = size_names(wanted_variants(source, found))
    variant = named.get(plan.choice.size)
    if variant is None:
        raise ModelyardError(Code.SIZE_UNKNOWN, size=plan.choice.size, offered=", ".join(named))
    wanted = [*variant.files, *found.projectors[:1]]
    fetch = Fetch(session, listing, wanted, place, listener, _options(surroundings))
    with step(Step.DOWNLOADING, listener), fetch:
        fetch.wait(cancel)
    first = place / variant.files[0].path
    as_it_is = replace(plan, choice=replace(plan.choice, size=AS_IS))
    prepared = prepare_gguf(first, as_it_is, folder, surroundings, listener, cancel)
    shared = fetch.is_cached(variant.files[0].path) or plan.choice.keep_original
    return replace(prepared, ours=prepared.ours or not shared, original=None)


def _checkpoint(
    plan: ImportPlan,
    folder: Path,
    place: Path,
    session: Session,
    listing: RepoListing,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    tree = HubTree(session, listing, cancel)
    with step(Step.LOOKING, listener):
        checkpoint = read_checkpoint(tree)
        whole_first = packing_of(checkpoint)[0] in _READ_WHOLE_FIRST
        table = checkpoint if whole_first else unpacked(checkpoint)
        content = None if whole_first else gguf_content(table)
    shards = [_listed(listing, shard.name) for shard in checkpoint.shards]
    small = [_listed(listing, name) for name in tree.small_names()] if whole_first or plan.choice.keep_original else []
    fetch = Fetch(session, listing, [*small, *shards], place, listener, _options(surroundings))
    if content is None:
        with step(Step.DOWNLOADING, listener), fetch:
            fetch.wait(cancel)
        prepared = prepare_checkpoint(place, plan, folder, surroundings, listener, cancel, name=tree.name)
        return replace(prepared, original=None)
    with step(Step.DOWNLOADING, listener), fetch:
        prepared = _stream(plan, folder, checkpoint, table, content, fetch, listing, surroundings, listener, cancel)
        if plan.choice.keep_original:
            fetch.wait(cancel)
    fetch.finish()
    return prepared


def _stream(
    plan: ImportPlan,
    folder: Path,
    checkpoint: Checkpoint,
    table: TensorTable,
    content: GgufContent,
    fetch: Fetch,
    listing: RepoListing,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Shards flow into the writer as they land; each goes when all its tensors are safely written."""
    order = _shards_in_order(checkpoint, content)
    fetch.prioritise(order)

    def locate(shard: str) -> FileRange:
        path = fetch.wait_for(shard, cancel=cancel)
        return FileRange(path, 0, path.stat().st_size)

    release = ShardRelease(checkpoint, content, fetch, keep=plan.choice.keep_original)
    reader = table.reader(locate)
    try:
        with step(Step.PREPARING, listener):
            written = write_gguf(
                content,
                plan.choice.size,
                reader,
                result_path(plan, folder),
                listener=listener,
                cancel=cancel,
                threads=surroundings.threads or None,
                importance=read_importance(plan.choice.imatrix),
                identity=f"{listing.id}@{listing.revision}",
                as_read=True,
                on_safe=release,
            )
    finally:
        reader.close()
    return finished(content, plan, written.path, written.sha256)


class ShardRelease:
    """Deletes a shard when every tensor made from it is safe (unless the original is kept)."""

    def __init__(self, checkpoint: Checkpoint, content: GgufContent, fetch: Fetch, *, keep: bool) -> None:
        self._fetch = fetch
        self._keep = keep
        shard_of = {name: tensor.shard for name, tensor in checkpoint.tensors.items()}
        self._needs: dict[str, set[str]] = {shard.name: set() for shard in checkpoint.shards}
        for job in content.tensors:
            for source in _stored_sources(job.sources, shard_of):
                self._needs[shard_of[source]].add(job.name)

    def __call__(self, safe: Sequence[str]) -> None:
        if self._keep:
            return
        done = set(safe)
        for shard, needed in list(self._needs.items()):
            if needed <= done:
                del self._needs[shard]
                if not self._fetch.is_consumed(shard):
                    self._fetch.consumed(shard)


def _shards_in_order(checkpoint: Checkpoint, content: GgufContent) -> list[str]:
    """Shards as the writer needs them."""
    shard_of = {name: tensor.shard for name, tensor in checkpoint.tensors.items()}
    order = [shard_of[source] for job in content.tensors for source in _stored_sources(job.sources, shard_of)]
    return list(dict.fromkeys(order))


def _stored_sources(sources: Sequence[str], known: dict[str, str]) -> list[str]:
    """The checkpoint's own tensors behind a job's sources: an unpacked weight comes from all that share its stem."""
    found = []
    for source in sources:
        if source in known:
            found.append(source)
        stem = source.rpartition(".")[0] + "."
        found += [name for name in known if name.startswith(stem) and name != source]
    return found


def _listed(listing: RepoListing, path: str) -> RepoFile:
    file = listing.file(path)
    if file is None:
        raise ModelyardError(Code.HUB_FILE_MISSING, name=listing.id, file=path)
    return file


def _options(surroundings: Surroundings) -> FetchOptions:
    return FetchOptions(bytes_per_second=surroundings.download_limit, cache=surroundings.hub_cache)
