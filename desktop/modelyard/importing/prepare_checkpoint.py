"""From a model folder to a GGUF of the chosen size, in one streaming pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..convert.content import GgufContent, WeightReader
from ..convert.dequantize import unpacked
from ..convert.plan import gguf_content
from ..events import CancelToken, Listener, Step
from ..formats.checkpoint import TensorTable
from ..formats.hf_folder import open_checkpoint
from ..quantize.writer import write_gguf
from .imatrix import read_importance
from .inspect_checkpoint import header_of
from .plan import ImportPlan
from .prepared import Prepared, result_path, state_of
from .steps import step
from .surroundings import Surroundings


def prepare_checkpoint(
    path: Path,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
    *,
    view: Callable[[TensorTable], TensorTable] = unpacked,
    identity: str = "",
) -> Prepared:
    """Converted as seen through `view` (`identity`: the state of what the view adds). Raises the coded errors of
    formats/, convert/ and quantize/."""
    with step(Step.LOOKING, listener):
        checkpoint = open_checkpoint(path, work=folder / "unpacked")
        table = view(checkpoint)
        content = gguf_content(table)
        cancel.check()
    shards = [path.parent / shard.name if path.is_file() else path / shard.name for shard in checkpoint.shards]
    identity += state_of([path, *(shard for shard in shards if shard.exists())])
    prepared = write_table(table, content, identity, plan, folder, surroundings, listener, cancel)
    return replace(prepared, original=path)


def write_table(
    table: TensorTable,
    content: GgufContent,
    identity: str,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """Streams the weights of `table` into the result. `identity`: the state of the sources, for resuming."""
    reader = table.reader()
    try:
        return write_rows(reader, content, identity, plan, folder, surroundings, listener, cancel)
    finally:
        reader.close()


def write_rows(
    reader: WeightReader,
    content: GgufContent,
    identity: str,
    plan: ImportPlan,
    folder: Path,
    surroundings: Surroundings,
    listener: Listener,
    cancel: CancelToken,
) -> Prepared:
    """The writing itself, from whatever gives the rows. Raises as quantize.writer.write_gguf."""
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
            identity=identity,
        )
    return finished(content, plan, written.path, written.sha256)


def finished(content: GgufContent, plan: ImportPlan, path: Path, sha256: str) -> Prepared:
    """A written file with what its content says about it."""
    header = header_of(content)
    return Prepared(
        path=path,
        ours=True,
        size=plan.choice.size,
        has_template=bool(header.text("tokenizer.chat_template")),
        embedding_only=f"{content.architecture}.pooling_type" in header.metadata,
        sha256=sha256,
        warnings=content.warnings,
    )
