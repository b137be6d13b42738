"""This computer: processors, memory, drives, graphics. Nothing here fails or needs a tool; what cannot be known is
zero or empty."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Graphics:
    """One graphics processor. `memory` in bytes, 0 = unknown; `shared` = it uses the computer's own memory."""

    name: str
    memory: int = 0
    shared: bool = False


@dataclass(frozen=True)
class Machine:
    """`memory` and `memory_free` in bytes; `cores` are physical where known."""

    system: str
    memory: int
    memory_free: int
    cores: int
    graphics: tuple[Graphics, ...] = ()


def this_machine() -> Machine:
    import psutil

    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    total = min(memory.total, _container_limit() or memory.total)
    return Machine(
        system=platform.system(),
        memory=total,
        memory_free=min(memory.available, total),
        cores=max(1, min(cores, allowed)),
        graphics=_graphics(total),
    )


def free_space(folder: Path) -> int:
    """Bytes this user may still write on the drive of `folder` (or of its nearest existing parent); 0 if unknown."""
    import shutil

    with contextlib.suppress(OSError):
        return shutil.disk_usage(existing_parent(folder)).free
    return 0


def existing_parent(folder: Path) -> Path:
    path = folder.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def same_drive(first: Path, second: Path) -> bool:
    """True if a rename or link between the two is possible."""
    with contextlib.suppress(OSError):
        return existing_parent(first).stat().st_dev == existing_parent(second).stat().st_dev
    return False


def _container_limit() -> int:
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            return int(Path(name).read_text(encoding="ascii"))
    return 0


def _graphics(memory: int) -> tuple[Graphics, ...]:
    try:
        match sys.platform:
            case "darwin":
                return (
                    (Graphics(platform.processor() or "Apple", memory, shared=True),)
                    if platform.machine() == "arm64"
                    else ()
                )
            case "win32":
                return _windows_graphics()
            case _:
                return _linux_graphics()
    except Exception:
        return ()  # a guess about graphics is never worth an error


def _linux_graphics() -> tuple[Graphics, ...]:
    vendors = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
    found: list[Graphics] = []
    for device in sorted(Path("/sys/class/drm").glob("card[0-9]/device")):
        with contextlib.suppress(OSError, ValueError):
            vendor = vendors.get((device / "vendor").read_text(encoding="ascii").strip(), "")
            if not vendor:
                continue
            memory_file = device / "mem_info_vram_total"
            memory = int(memory_file.read_text(encoding="ascii")) if memory_file.exists() else 0
            found.append(Graphics(vendor, memory, shared=vendor == "Intel"))
    return tuple(found)


def _windows_graphics() -> tuple[Graphics, ...]:
    if sys.platform != "win32":
        return ()
    import winreg

    found: list[Graphics] = []
    base = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
    for number in range(8):
        with (
            contextlib.suppress(OSError),
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{base}\{number:04d}") as key,
        ):
            name = str(winreg.QueryValueEx(key, "DriverDesc")[0])
            memory = 0
            with contextlib.suppress(OSError):
                memory = int(winreg.QueryValueEx(key, "HardwareInformation.qwMemorySize")[0])
            if memory:
                found.append(Graphics(name, memory, shared="Intel" in name))
    return tuple(found)
