"""First lines of the process: frozen children, then the worker, the engine, the command line or the window.

Nothing heavy is imported here: the window's first paint depends on it.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

CHILD_ROLES = ("worker", "engine", "reader", "selftest")
COMMANDS = (
    "inspect",
    "import",
    "models",
    "chat",
    "remove",
    "modelfile",
    "publish",
    "copy",
    "demo",
    "-h",
    "--help",
    "--version",
)


def main(argv: list[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(200_000, 50, 50)  # a vocabulary is a million strings: not to be looked through again and again
    atexit.register(gc.freeze)  # nor once more at the end, for most of a second
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # our own threads do the work; numpy's only cost start time
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()
    role = arguments[0] if arguments else ""
    if role in CHILD_ROLES:
        from .bootstrap import child_main

        return child_main(role, arguments[1:])
    if role == "--selftest":
        from .selftest.listening import main as selftest

        return selftest()
    if _wants_command_line(arguments):
        from .cli import main as command_line

        return command_line(arguments)
    from .bootstrap import window_main

    return window_main(arguments)


def _wants_command_line(arguments: list[str]) -> bool:
    """False for nothing, and for what the window can open: a file, a folder, a link. Everything else is a command,
    or a mistyped one."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--data-dir":
            skip = True
        elif not argument.startswith("--data-dir="):
            here = os.path.exists(argument)  # noqa: PTH110 - pathlib is not worth its time here
            return argument in COMMANDS or not (here or "/" in argument or "\\" in argument)
    return False


if __name__ == "__main__":
    raise SystemExit(main())
