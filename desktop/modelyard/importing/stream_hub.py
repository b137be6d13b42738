"""Convert while fetching: shards flow into the one-pass writer as they land, and go when their tensors are safe.

Total time is about the longer of fetching and converting; on the disk lie the result and the shards in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ..convert.content import GgufContent, TensorJob
from ..convert.dequantize import unpacked
from ..errors import Code, ModelyardError
from ..events import CancelToken, Step
from ..formats.checkpoint import Checkpoint, Locate, TensorTable
from ..formats.checkpoint_tensor import FileRange
from ..host.machine import free_space
from ..hub.fetch.fetch import Fetch, FetchOptions
from ..hub.session import Session
from ..hub.values import RepoFile, RepoListing
from ..quantize.writer import discard
from .early_rows import EarlyCheckpoint
from .hub_look import HubLook
from .planned import Contents, contents_of
from .planning import unproven_name
from .prepare_checkpoint import finished, write_projector
from .prepared import Prepared
from .work import Work

_SHARDS_AHEAD = 3
_LEAST_AHEAD = 1_000_000_000


@dataclass(frozen=True)
class Stream:
    """One import of a repository's checkpoint. `view`: through which it is converted (an add-on merged; None: as it
    is), `identity`: the state of what the view adds."""

    work: Work
    session: Session
    look: HubLook
    view: Callable[[TensorTable], TensorTable] | None = None
    identity: str = ""

    @property
    def listing(self) -> RepoListing:
        return self.look.listing

    @property
    def place(self) -> Path:
        """Where shards land: with the job, or among the downloads if the originals are kept."""
        if self.work.plan.choice.keep_original:
            return self.work.surroundings.folders.downloads.joinpath(*self.listing.id.split("/"))
        return self.work.folder / "fetched"

    def run(self) -> Prepared:
        """Raises HUB_*, and what reading, converting and writing raise; everything fetched and written so far stays
        for the next try, unless a file came wrong after parts of it were used (HUB_FILE_DAMAGED)."""
        result = self.work.result
        unproven = unproven_name(result)
        with ExitStack() as running:
            with self.work.step(Step.LOOKING):
                fetch = running.enter_context(self._fetch(self.look.likely_shards, unproven))
                checkpoint, contents = self.look.checkpoint, self._contents()
                shards = [shard.name for shard in checkpoint.shards]
                if needless := set(self.look.likely_shards) - set(shards):
                    fetch.discard(list(needless))
                if set(self.look.likely_shards) != set(shards):
                    fetch.close()
                    fetch = running.enter_context(self._fetch(shards, unproven))
            with self.work.step(Step.DOWNLOADING):
                prepared = self._convert(checkpoint, contents, fetch, unproven)
                self._wait_for_proof(shards, fetch)
                if any(fetch.was_faulty(shard) for shard in shards):
                    prepared = self._convert_again(checkpoint, contents, fetch, unproven)
        unproven.replace(result)
        fetch.finish()
        return replace(prepared, path=result)

    def _contents(self) -> Contents:
        return self.look.contents if self.view is None else contents_of(self.view(self.look.checkpoint))

    def options(self) -> FetchOptions:
        surroundings = self.work.surroundings
        return FetchOptions(bytes_per_second=surroundings.download_limit, cache=surroundings.hub_cache)

    def _options(self, files: Sequence[RepoFile]) -> FetchOptions:
        """The disk holds the result and a few shards beside it, however much faster fetching is than converting."""
        if self.work.plan.choice.keep_original:
            return self.options()
        largest = max((file.size for file in files), default=0)
        ahead = max(_SHARDS_AHEAD * largest, _LEAST_AHEAD)
        if free := free_space(self.place):  # a full drive holds fewer; one is what the plan counted on
            ahead = max(largest, min(ahead, free - self.work.plan.result_bytes))
        return replace(self.options(), ahead_bytes=ahead)

    def _fetch(self, shards: Sequence[str], unproven: Path) -> Fetch:
        """What a former run fetched, unless it used up shards of a result that is no longer there."""
        files = [listed(self.listing, name) for name in self._wanted(shards)]

        def fetch() -> Fetch:
            return Fetch(self.session, self.listing, files, self.place, self.work.listener, self._options(files))

        begun = fetch()
        unproven.unlink(missing_ok=True)
        if not unproven.with_name(unproven.name + ".part").exists() and any(begun.is_consumed(f.path) for f in files):
            begun.discard()
            begun = fetch()
        return begun

    def _wanted(self, shards: Sequence[str]) -> Sequence[str]:
        keep = self.work.plan.choice.keep_original
        return [*self.look.tree.small_names(), *shards] if keep else shards

    def _convert(self, checkpoint: Checkpoint, contents: Contents, fetch: Fetch, destination: Path) -> Prepared:
        """The projector first: its shards must not go before."""
        early = early_checkpoint(checkpoint, fetch, self.work.cancel)
        table = (self.view or unpacked)(early)
        content = contents.model
        fetch.prioritise(shards_in_order(table, content))
        identity = f"{self.listing.id}@{self.listing.revision} {self.identity}"
        reader = table.reader(self._locate(fetch))
        keep = self.work.plan.choice.keep_original
        try:
            with self.work.step(Step.PREPARING):
                seen = write_projector(contents.projector, reader, identity, self.work)
                written = self.work.write(
                    content,
                    reader,
                    identity,
                    destination=destination,
                    as_read=True,
                    is_here=lambda job: _is_here(job, early, table, fetch),
                    on_safe=ShardRelease(table, content, fetch, keep=keep),
                )
        finally:
            reader.close()
        return replace(finished(content, self.work, written), projector=seen)

    def _locate(self, fetch: Fetch) -> Locate:
        def locate(shard: str) -> FileRange:
            path = fetch.wait_for(shard, cancel=self.work.cancel)
            return FileRange(path, 0, path.stat().st_size)

        return locate

    def _wait_for_proof(self, shards: Sequence[str], fetch: Fetch) -> None:
        for shard in shards:
            if not fetch.is_consumed(shard):
                fetch.wait_for(shard, cancel=self.work.cancel)
        if self.work.plan.choice.keep_original:
            fetch.wait(self.work.cancel)

    def _convert_again(self, checkpoint: Checkpoint, contents: Contents, fetch: Fetch, destination: Path) -> Prepared:
        """Wrong bytes may have gone into the result: it is made anew from the files, which are right now."""
        for made in (destination, self.work.projector_result):
            discard(made)
            made.unlink(missing_ok=True)
        gone = next((shard.name for shard in checkpoint.shards if fetch.is_consumed(shard.name)), None)
        if gone is not None:
            fetch.discard()
            raise ModelyardError(Code.HUB_FILE_DAMAGED, name=gone)
        return self._convert(checkpoint, contents, fetch, destination)


class ShardRelease:
    """Deletes a shard when every tensor made from it is safe and its hash is proven (unless the original is kept)."""

    def __init__(self, table: TensorTable, content: GgufContent, fetch: Fetch, *, keep: bool) -> None:
        self._fetch = fetch
        self._keep = keep
        self._needs: dict[str, set[str]] = {}
        for job in content.tensors:
            for shard in _shards_of(job, table):
                self._needs.setdefault(shard, set()).add(job.name)

    def __call__(self, safe: Sequence[str]) -> None:
        if self._keep:
            return
        done = set(safe)
        for shard, needed in list(self._needs.items()):
            if needed <= done and self._fetch.is_verified(shard) and not self._fetch.was_faulty(shard):
                del self._needs[shard]
                if not self._fetch.is_consumed(shard):
                    self._fetch.consumed(shard)


def early_checkpoint(checkpoint: Checkpoint, fetch: Fetch, cancel: CancelToken) -> EarlyCheckpoint:
    known = {each.name: getattr(checkpoint, each.name) for each in fields(Checkpoint)}
    return EarlyCheckpoint(**known, fetch=fetch, cancel=cancel)


def listed(listing: RepoListing, path: str) -> RepoFile:
    """Raises HUB_FILE_MISSING."""
    file = listing.file(path)
    if file is None:
        raise ModelyardError(Code.HUB_FILE_MISSING, name=listing.id, file=path)
    return file


def shards_in_order(table: TensorTable, content: GgufContent) -> list[str]:
    """Shards as the writer needs them."""
    return list(dict.fromkeys(shard for job in content.tensors for shard in _shards_of(job, table)))


def _shards_of(job: TensorJob, table: TensorTable) -> list[str]:
    return [shard for source in job.sources for shard in table.shards_of(source)]


def _is_here(job: TensorJob, early: EarlyCheckpoint, table: TensorTable, fetch: Fetch) -> bool:
    """A guess for tensors that a view makes of several stored ones: their main one, or whole shards."""
    return all(
        early.is_here(source) if source in early.tensors else all(map(fetch.is_verified, table.shards_of(source)))
        for source in job.sources
    )
