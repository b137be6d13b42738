"""From a repository to a finished GGUF: ready files are fetched, checkpoints are converted while they are fetched."""

from __future__ import annotations

from dataclasses import replace

from ..errors import Code, ModelyardError
from ..events import Step
from ..formats.adapter import WEIGHT_FILES, open_adapter
from ..formats.checkpoint_files import SMALL_FILES
from ..hub.fetch.fetch import Fetch
from ..hub.variants import gguf_variants
from .hub_look import look_again
from .inspect_hub import size_names, wanted_variants
from .inspection import AS_IS
from .prepare import prepare_gguf
from .prepared import Prepared
from .sources import HubRepo
from .stream_hub import Stream
from .work import Work


def prepare_hub(source: HubRepo, work: Work) -> Prepared:
    """Raises HUB_*, and what reading, converting and writing raise. Fetched bytes stay for the next try. Originals that
    are kept go to the downloads folder, under the repository's name."""
    with work.surroundings.hub() as session:
        stream = Stream(work, session, look_again(session, source, work.cancel))
        match work.plan.form:
            case "gguf":
                return _ready_files(source, stream)
            case "adapter":
                return _addon(source, stream)
            case _:
                return stream.run()


def _addon(source: HubRepo, stream: Stream) -> Prepared:
    """The add-on itself is small: fetched whole, then its base is streamed."""
    from .prepare_lora import prepare_merged

    names = ("adapter_config.json", *WEIGHT_FILES, *SMALL_FILES)
    files = [file for file in stream.listing.files if file.path in names]
    place = stream.work.folder / stream.listing.id.rpartition("/")[2]
    fetch = Fetch(stream.session, stream.listing, files, place, stream.work.listener, stream.options())
    with stream.work.step(Step.DOWNLOADING), fetch:
        fetch.wait(stream.work.cancel)
    identity = f"{stream.listing.id}@{stream.listing.revision}"
    return prepare_merged(open_adapter(place), source.base, identity, stream.work)


def _ready_files(source: HubRepo, stream: Stream) -> Prepared:
    """Fetches the files of one size, with the projector if there is one."""
    work, place = stream.work, stream.place
    found = gguf_variants(stream.listing.files)
    named = size_names(wanted_variants(source, found))
    variant = named.get(work.plan.choice.size)
    if variant is None:
        raise ModelyardError(Code.SIZE_UNKNOWN, size=work.plan.choice.size, offered=", ".join(named))
    seeing = found.projectors[:1]
    wanted = [*variant.files, *seeing]
    fetch = Fetch(stream.session, stream.listing, wanted, place, work.listener, stream.options())
    with work.step(Step.DOWNLOADING), fetch:
        fetch.wait(work.cancel)
    as_it_is = replace(work.plan, choice=replace(work.plan.choice, size=AS_IS))
    projectors = [place / file.path for file in seeing]
    prepared = prepare_gguf(place / variant.files[0].path, replace(work, plan=as_it_is), projectors)
    shared = fetch.is_cached(variant.files[0].path) or work.plan.choice.keep_original
    return replace(prepared, ours=prepared.ours or not shared, original=None)
