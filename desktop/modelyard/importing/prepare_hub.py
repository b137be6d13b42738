"""From a repository to a finished GGUF: ready files are fetched, checkpoints are converted while they are fetched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import Code, ModelyardError
from ..events import CancelToken, Listener, Step
from ..formats.adapter import open_adapter
from ..formats.checkpoint_files import SMALL_FILES
from ..hub.fetch.fetch import Fetch
from ..hub.look import list_repository
from ..hub.variants import gguf_variants
from .inspect_hub import size_names, wanted_variants
from .inspection import AS_IS
from .plan import ImportPlan
from .prepare import prepare_gguf
from .prepared import Prepared
from .sources import HubRepo
from .steps import step
from .stream_hub import Stream
from .surroundings import Surroundings


def prepare_hub(
    source: HubRepo,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Raises HUB_*, and what reading, converting and writing raise. Fetched bytes stay for the next try. Originals that
    are kept go to the downloads folder, under the repository's name."""
    with surroundings.hub() as session:
        listing = list_repository(session, source.id, source.revision, cancel)
        place = folder / "fetched"
        if plan.choice.keep_original:
            place = surroundings.folders.downloads.joinpath(*listing.id.split("/"))
        stream = Stream(plan, folder, place, session, listing, surroundings, listener, cancel)
        match plan.form:
            case "gguf":
                return _ready_files(source, stream)
            case "adapter":
                return _addon(stream)
            case _:
                return stream.run()


def _addon(stream: Stream) -> Prepared:
    """The add-on itself is small: fetched whole, then its base is streamed."""
    from .prepare_lora import prepare_merged

    names = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin", *SMALL_FILES)
    files = [file for file in stream.listing.files if file.path in names]
    place = stream.folder / stream.listing.id.rpartition("/")[2]
    fetch = Fetch(stream.session, stream.listing, files, place, stream.listener, stream.options())
    with step(Step.DOWNLOADING, stream.listener), fetch:
        fetch.wait(stream.cancel)
    adapter = open_adapter(place)
    identity = f"{stream.listing.id}@{stream.listing.revision}"
    return prepare_merged(
        adapter, "", identity, stream.plan, stream.folder, stream.surroundings, stream.listener, stream.cancel
    )


def _ready_files(source: HubRepo, stream: Stream) -> Prepared:
    """Fetches the files of one size, with the projector if there is one."""
    plan, place = stream.plan, stream.place
    found = gguf_variants(stream.listing.files)
    named = size_names(wanted_variants(source, found))
    variant = named.get(plan.choice.size)
    if variant is None:
        raise ModelyardError(Code.SIZE_UNKNOWN, size=plan.choice.size, offered=", ".join(named))
    wanted = [*variant.files, *found.projectors[:1]]
    fetch = Fetch(stream.session, stream.listing, wanted, place, stream.listener, stream.options())
    with step(Step.DOWNLOADING, stream.listener), fetch:
        fetch.wait(stream.cancel)
    first = place / variant.files[0].path
    as_it_is = replace(plan, choice=replace(plan.choice, size=AS_IS))
    prepared = prepare_gguf(first, as_it_is, stream.folder, stream.surroundings, stream.listener, stream.cancel)
    shared = fetch.is_cached(variant.files[0].path) or plan.choice.keep_original
    return replace(prepared, ours=prepared.ours or not shared, original=None)
