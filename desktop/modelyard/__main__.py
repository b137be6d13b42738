"""First lines of the process: frozen children, then the worker, the engine, the command line or the window.

Nothing heavy is imported here: the window's first paint depends on it.
"""

from __future__ import annotations

import sys

CHILD_ROLES = ("worker", "engine")
COMMANDS = (
    "inspect",
    "import",
    "models",
    "chat",
    "remove",
    "modelfile",
    "publish",
    "demo",
    "families",
    "-h",
    "--help",
    "--version",
    "--selftest",
)


def main(argv: list[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()
    role = arguments[0] if arguments else ""
    if role in CHILD_ROLES:
        from .bootstrap import child_main

        return child_main(role, arguments[1:])
    if _wants_command_line(arguments):
        from .cli import main as command_line

        return command_line(arguments)
    from .bootstrap import window_main

    return window_main(arguments)


def _wants_command_line(arguments: list[str]) -> bool:
    """True if the first word that is not an option of the window is a command."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--data-dir":
            skip = True
        elif not argument.startswith("--data-dir="):
            return argument in COMMANDS
    return False


if __name__ == "__main__":
    raise SystemExit(main())
