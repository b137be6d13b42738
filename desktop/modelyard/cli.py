"""The same flow without a window: for people who like a terminal, and for scripts (--json).

Exit status: 0 done, 1 failed, 2 usage, 130 cancelled. With --json every event is one JSON object a line and the last
one is {"event": "done" | "failed" | "cancelled", …}.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__
from .errors import Cancelled, Code, ModelyardError
from .events import CancelToken

if TYPE_CHECKING:
    from .bootstrap import House
    from .cli_output import Output

DONE, FAILED, USAGE, CANCELLED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """argparse, but unknown words are an error we report in the same way as all others."""

    def error(self, message: str) -> NoReturn:
        raise ModelyardError(Code.USAGE, detail=message)


def main(arguments: list[str]) -> int:
    from .cli_output import Output

    as_json = "--json" in arguments
    output = Output(as_json)
    try:
        options = _parser().parse_args(arguments)
    except ModelyardError as error:
        output.failed(error)
        return USAGE
    cancel = CancelToken()
    restore = _cancel_on_signals(cancel)
    try:
        return _run(options, output, cancel)
    except ModelyardError as error:
        output.failed(error)
        return USAGE if error.code is Code.USAGE else FAILED
    except (Cancelled, KeyboardInterrupt):
        output.cancelled()
        return CANCELLED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; there is nobody to tell
        return FAILED
    except MemoryError:
        output.failed(ModelyardError(Code.OUT_OF_MEMORY))
        return FAILED
    except Exception as error:
        import logging

        logging.getLogger(__name__).exception("a fault of ours")
        output.failed(ModelyardError(Code.INTERNAL, detail=f"{type(error).__name__}: {error}"))
        return FAILED
    finally:
        restore()


def _run(options: argparse.Namespace, output: Output, cancel: CancelToken) -> int:
    from .bootstrap import build_house
    from .host.logs import log_to

    if options.run is None:
        _parser().print_help()
        return USAGE
    house = build_house(options.data_dir)
    log_to(house.folders.logs, "command-line")
    try:
        command: Callable[[House, argparse.Namespace, Output, CancelToken], dict[str, Any] | None] = options.run
        result = command(house, options, output, cancel)
        if result is not None:
            output.done(result)
        return DONE
    finally:
        house.close()


def _cancel_on_signals(cancel: CancelToken) -> Callable[[], None]:
    """Ctrl-C and a polite end ask the work to stop; a second Ctrl-C interrupts it."""

    def stop(*_: object) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    return restore


def _parser() -> argparse.ArgumentParser:
    from . import cli_commands as commands

    parser = _Parser(prog="modelyard", description="Bring any language model home.")
    parser.add_argument("--version", action="version", version=f"Modelyard {__version__}")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="keep everything in this folder")
    parser.set_defaults(run=None)
    common = _Parser(add_help=False)
    common.add_argument("--data-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="one JSON object a line")
    verbs = parser.add_subparsers(title="commands", parser_class=_Parser)

    def verb(name: str, run: Callable[..., Any], text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text, parents=[common])
        sub.set_defaults(run=run)
        return sub

    inspect = verb("inspect", commands.inspect, "look at a file, folder or Hugging Face name; change nothing")
    inspect.add_argument("source", metavar="SOURCE")

    bring = verb("import", commands.bring, "bring a model home")
    bring.add_argument("source", metavar="SOURCE")
    bring.add_argument("--name", default="", help="technical name in the engine")
    bring.add_argument("--engine", default="", choices=("builtin", "ollama", "none"))
    bring.add_argument("--size", default="", help="Q4_K_M, Q8_0, f16, original, as-is, …")
    bring.add_argument("--output", type=Path, metavar="FILE", help="write the GGUF there (with --engine none)")
    bring.add_argument("--imatrix", type=Path, metavar="FILE", help="importance matrix")
    bring.add_argument("--base", default="", help="base model of an add-on: folder, GGUF or Hugging Face name")
    bring.add_argument("--repair", action="store_true", help="mend what is missing in a GGUF's metadata, in a copy")
    bring.add_argument("--replace", action="store_true", help="replace a model or file of the same name")
    bring.add_argument("--yes", action="store_true", help="do not ask")

    verb("models", commands.models, "list the installed models")

    chat = verb("chat", commands.chat, "talk to a model")
    chat.add_argument("name", metavar="NAME")
    chat.add_argument("--prompt", metavar="TEXT", help="one question; without it, a conversation")
    chat.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="temperature=0, num_ctx=8192, …"
    )
    chat.add_argument("--engine", default="", choices=("builtin", "ollama"))

    copy = verb("copy", commands.copy, "a second model of the same weights")
    copy.add_argument("name", metavar="NAME")
    copy.add_argument("new_name", metavar="NEW_NAME")
    copy.add_argument("--engine", default="", choices=("builtin", "ollama"))

    remove = verb("remove", commands.remove, "remove a model")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--engine", default="", choices=("builtin", "ollama"))

    publish = verb("publish", commands.publish, "publish a model to Hugging Face")
    publish.add_argument("name", metavar="NAME")
    publish.add_argument("repository", metavar="USER/REPO")
    publish.add_argument("--private", action="store_true")
    publish.add_argument("--engine", default="", choices=("builtin", "ollama"))

    modelfile = verb("modelfile", commands.modelfile, "check a Modelfile")
    modelfile.add_argument("action", choices=("parse",))
    modelfile.add_argument("file", type=Path, metavar="FILE")

    verb("demo", commands.demo, "bring the small sample model home and ask it one question")
    return parser
