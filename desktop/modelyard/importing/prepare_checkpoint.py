"""From a model folder to a GGUF of the chosen size, in one streaming pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..convert.content import GgufContent, WeightReader
from ..convert.dequantize import unpacked
from ..events import Step
from ..formats.checkpoint import TensorTable
from ..formats.gguf_facts import embeds
from ..formats.hf_folder import open_checkpoint
from ..quantize.writer import WrittenFile
from .inspect_checkpoint import header_of
from .planned import PROJECTOR_SIZE, contents_of, folder_state, remembered_contents
from .prepared import Prepared
from .work import Work


def prepare_checkpoint(
    path: Path, work: Work, *, view: Callable[[TensorTable], TensorTable] | None = None, identity: str = ""
) -> Prepared:
    """Converted as seen through `view`, if there is one (`identity`: the state of what it adds). Raises the coded
    errors of formats/, convert/ and quantize/."""
    with work.step(Step.LOOKING):
        checkpoint = open_checkpoint(path, work=work.folder / "unpacked")
        table = (view or unpacked)(checkpoint)
        contents = contents_of(table) if view else remembered_contents(path, table)
        work.cancel.check()
    identity += folder_state(path)
    reader = table.reader()
    try:
        with work.step(Step.PREPARING):
            seen = write_projector(contents.projector, reader, identity, work)
            written = work.write(contents.model, reader, identity)
    finally:
        reader.close()
    return replace(finished(contents.model, work, written), projector=seen, original=path)


def write_projector(projector: GgufContent | None, reader: WeightReader, identity: str, work: Work) -> Path | None:
    """The vision part beside the model, None if it has none."""
    if projector is None:
        return None
    return work.write(projector, reader, identity, destination=work.projector_result, size=PROJECTOR_SIZE).path


def finished(content: GgufContent, work: Work, written: WrittenFile) -> Prepared:
    """A written file with what its content says about it."""
    header = header_of(content)
    return Prepared(
        path=written.path,
        ours=True,
        size=work.plan.choice.size,
        has_template=bool(header.text("tokenizer.chat_template")),
        embedding_only=embeds(header),
        sha256=written.sha256,
        warnings=content.warnings,
    )
