"""Compiles the kernels: one small library a processor variant, for this platform or for all.

    python desktop/kernels/build.py FOLDER [--target TARGET | --all]

Uses clang from the PyPI package `ziglang`, which compiles for every platform from any; without it the C compiler at
hand, for this platform only. Standard library only: the build hook of the package runs it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-g0",
    "-fPIC",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fvisibility=hidden",
    "-Wno-psabi",
)


class BuildError(Exception):
    """No compiler, or it failed; the text says which."""


@dataclass(frozen=True)
class Variant:
    """A processor level: `name` in the file name, what clang (through zig) and other compilers call it, its lanes.

    clang makes the best code of vectors twice as wide as the processor's where there are registers enough; gcc
    stumbles over them and gets `gcc_lanes`.
    """

    name: str
    zig_cpu: str
    march: str
    lanes: int
    gcc_lanes: int


X86 = (
    Variant("baseline", "x86_64", "x86-64", 8, 8),
    Variant("v3", "x86_64_v3", "x86-64-v3", 16, 8),
    Variant("v4", "x86_64_v4", "x86-64-v4", 16, 16),
)
ARM = (Variant("baseline", "baseline", "armv8-a", 8, 8),)


@dataclass(frozen=True)
class Target:
    """A platform: zig's triple, the ending of its libraries, its variants."""

    triple: str
    suffix: str
    variants: tuple[Variant, ...]


TARGETS = {
    "windows-x86_64": Target("x86_64-windows-gnu", ".dll", X86),
    "macos-arm64": Target("aarch64-macos.11.0", ".dylib", (Variant("baseline", "apple_m1", "armv8-a", 8, 8),)),
    "macos-x86_64": Target("x86_64-macos.11.0", ".dylib", X86),
    "linux-x86_64": Target("x86_64-linux-gnu.2.17", ".so", X86),
    "linux-arm64": Target("aarch64-linux-gnu.2.17", ".so", ARM),
}


def target_here() -> str:
    """The name in TARGETS of this computer. Raises BuildError."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    name = f"{system}-{machine}"
    if name not in TARGETS:
        raise BuildError(f"no kernels for {name}")
    return name


def build(folder: Path, target_name: str | None = None) -> list[Path]:
    """Compiles all variants of a target (this computer's if None) into `folder`. Raises BuildError."""
    target = TARGETS[target_name or target_here()]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="modelyard-kernels-") as scratch:
        return [_compile(target, variant, folder, target_name is None, Path(scratch)) for variant in target.variants]


def _compile(target: Target, variant: Variant, folder: Path, for_here: bool, scratch: Path) -> Path:
    result = folder / f"kernels-{variant.name}{target.suffix}"
    sources = sorted(str(path) for path in HERE.glob("*.c"))
    compiler = _compiler(target, variant, for_here)
    lanes = variant.gcc_lanes if "gcc" in compiler[0] else variant.lanes
    command = [*compiler, *FLAGS, f"-DLANES={lanes}", "-shared", *sources]
    unfinished = scratch / result.name
    # zig keeps compiled libraries of its own; beside the result of the build nothing is to stay behind.
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(scratch / "g"), "ZIG_LOCAL_CACHE_DIR": str(scratch / "l")}
    try:
        outcome = subprocess.run(
            [*command, "-o", str(unfinished)],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"{command[0]}: {error}") from error
    if outcome.returncode:
        raise BuildError(f"{' '.join(command)}\n{outcome.stderr[-2000:]}")
    shutil.move(unfinished, result)
    return result


def _compiler(target: Target, variant: Variant, for_here: bool) -> list[str]:
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", "-target", target.triple, f"-mcpu={variant.zig_cpu}", "-s"]
    if not for_here:
        raise BuildError("building for another platform needs the package ziglang")
    found = os.environ.get("CC") or next((name for name in ("clang", "gcc", "cc") if shutil.which(name)), None)
    if not found:
        raise BuildError("no C compiler: install the package ziglang")
    return [found, f"-march={variant.march}"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Compile the quantization kernels.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", choices=sorted(TARGETS))
    parser.add_argument("--all", action="store_true", help="every target, each in a folder of its name")
    options = parser.parse_args()
    try:
        if options.all:
            for name in TARGETS:
                build(options.folder / name, name)
        else:
            build(options.folder, options.target)
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
