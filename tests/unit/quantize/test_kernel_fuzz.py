"""The kernels under sanitizers, and the same digest from every compiler, processor, system and optimisation."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

KERNELS = Path(__file__).resolve().parents[3] / "desktop" / "kernels"
FUZZ = Path(__file__).with_name("kernel_fuzz.c")
FEW = "500"  # another processor is imitated: ten times slower and more
ROUNDS = os.environ.get("MODELYARD_FUZZ_ROUNDS", "3000")
DIGESTS = {"3000": "91ba08e22f65e962", "500": "26eff33cc4c54e9f"}
"""What x86-64 gives, where ggml has judged; other processors must give the same."""

BUILDS = {
    "sanitized": ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1", "-DLANES=16"),
    "optimised": ("-O2", "-DLANES=8"),
}
FOREIGN = {
    # The system's library as it ships, with a program of its own around it: what runs it, where, and what it needs.
    "linux-arm64": ("qemu-aarch64", "/usr/aarch64-linux-gnu", "libc6-arm64-cross"),
    "windows-x86_64": ("wine64", "/usr/lib/wine", "wine64"),
}

LANGUAGE = ("-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-Wno-psabi")


def sources() -> list[str]:
    return [str(FUZZ), *(str(path) for path in sorted(KERNELS.glob("*.c")))]


@pytest.mark.parametrize("build", BUILDS)
def test_fuzz(build: str, tmp_path: Path) -> None:
    compiler = os.environ.get("CC") or next((name for name in ("gcc", "clang", "cc") if shutil.which(name)), None)
    if compiler is None:
        pytest.skip("no C compiler here")
    program = tmp_path / "fuzz"
    command = [compiler, *LANGUAGE, *BUILDS[build], "-o", str(program), *sources()]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode and build == "sanitized" and "asan" in built.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert not built.returncode, built.stderr
    assert "warning" not in built.stderr, built.stderr
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}  # leaks cannot be looked for under ptrace
    ran = subprocess.run([str(program), ROUNDS], capture_output=True, text=True, env=environment, check=False)
    assert not ran.returncode, ran.stderr
    assert ran.stdout.strip() == DIGESTS.get(ROUNDS, ran.stdout.strip())


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("system", FOREIGN)
def test_libraries_of_other_systems(system: str, tmp_path: Path) -> None:
    runner, folder, package = FOREIGN[system]
    runs = shutil.which(runner) or shutil.which(runner, path=folder)
    if importlib.util.find_spec("ziglang") is None or runs is None or not Path(folder).is_dir():
        pytest.skip(f"needs the PyPI package ziglang, {runner} and the Debian package {package}")
    if system.startswith("windows") and not os.environ.get("MODELYARD_KERNEL_BLOCKS"):
        pytest.skip("MODELYARD_KERNEL_BLOCKS is not set: zig takes minutes to compile what Windows programs stand on")
    build = kernels_build()
    program = tmp_path / "fuzz.exe"
    for library in build.build(tmp_path, system):
        if library.stem.endswith("-v4"):
            continue  # neither of the two knows AVX-512
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "zig"), "ZIG_LOCAL_CACHE_DIR": str(tmp_path / "zig")}
        compiler = [sys.executable, "-m", "ziglang", "cc", "-target", build.TARGETS[system].triple, "-O1"]
        judged([*compiler, "-o", str(program), str(FUZZ), str(library)], caches)
        arguments = ["-L", folder, "-E", f"LD_LIBRARY_PATH={tmp_path}"] if system == "linux-arm64" else []
        wine = {"WINEPREFIX": str(tmp_path / "wine"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
        assert judged([runs, *arguments, str(program), FEW], wine).strip() == DIGESTS[FEW], library.name


def judged(command: list[str], environment: dict[str, str]) -> str:
    """What it printed."""
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert not ran.returncode, ran.stderr
    return ran.stdout


def kernels_build() -> ModuleType:
    """desktop/kernels/build.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("kernels_build", KERNELS / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
