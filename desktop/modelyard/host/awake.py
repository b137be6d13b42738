"""Keeping the computer from going to sleep while work runs. Never fails: where it cannot be asked, nothing happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys

from .children import let_go, start_process

_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001


class Awake:
    """hold() and release(), in any order and number, on one thread. What is held ends with this process too."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def hold(self) -> None:
        if sys.platform == "win32":
            _windows(_CONTINUOUS | _SYSTEM_REQUIRED)
        elif self._child is None and (command := sleep_blocker(sys.platform)):
            with contextlib.suppress(OSError):
                self._child = start_process(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )

    def release(self) -> None:
        if sys.platform == "win32":
            _windows(_CONTINUOUS)
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()  # `cat` ends, and with it what holds the computer awake
            child.terminate()
        let_go(child)  # the window does not wait


def sleep_blocker(platform: str) -> list[str]:
    """A program that keeps the computer awake until its stdin closes or we end; empty where there is none."""
    if platform == "darwin":
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    if shutil.which("systemd-inhibit"):
        why = ["--what=sleep:idle", "--mode=block", "--who=Modelyard", "--why=Import"]
        return ["systemd-inhibit", *why, "cat"]
    return []


def _windows(state: int) -> None:
    if sys.platform == "win32":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.windll.kernel32.SetThreadExecutionState(state)
