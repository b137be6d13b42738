"""The kernels under sanitizers, and the same digest from every compiler, processor level and optimisation."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

KERNELS = Path(__file__).resolve().parents[3] / "desktop" / "kernels"
FUZZ = Path(__file__).with_name("kernel_fuzz.c")
ROUNDS = os.environ.get("MODELYARD_FUZZ_ROUNDS", "3000")
DIGESTS = {"3000": "91ba08e22f65e962"}
"""What x86-64 gives, where ggml has judged; other processors must give the same."""

BUILDS = {
    "sanitized": ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1", "-DLANES=16"),
    "optimised": ("-O2", "-DLANES=8"),
}


@pytest.mark.parametrize("build", BUILDS)
def test_fuzz(build: str, tmp_path: Path) -> None:
    compiler = os.environ.get("CC") or next((name for name in ("gcc", "clang", "cc") if shutil.which(name)), None)
    if compiler is None:
        pytest.skip("no C compiler here")
    program = tmp_path / "fuzz"
    command = [
        compiler,
        "-std=gnu11",
        "-ffp-contract=off",
        "-fno-math-errno",
        "-Wno-psabi",
        *BUILDS[build],
        "-o",
        str(program),
    ]
    sources = [str(FUZZ), *(str(path) for path in sorted(KERNELS.glob("*.c")))]
    built = subprocess.run([*command, *sources], capture_output=True, text=True, check=False)
    if built.returncode and build == "sanitized" and "asan" in built.stderr:
        pytest.skip("this compiler has no sanitizers")
    assert not built.returncode, built.stderr
    assert "warning" not in built.stderr, built.stderr
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}  # leaks cannot be looked for under ptrace
    ran = subprocess.run([str(program), ROUNDS], capture_output=True, text=True, env=environment, check=False)
    assert not ran.returncode, ran.stderr
    assert ran.stdout.strip() == DIGESTS.get(ROUNDS, ran.stdout.strip())
