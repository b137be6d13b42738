"""What the command line says about a Modelfile: `modelyard modelfile parse FILE --json`."""

from __future__ import annotations

from typing import Any

from .syntax import ModelfileError, parse


def report(data: bytes) -> dict[str, Any]:
    """What is printed: {"commands": [{name, args}]} or {"error": {kind, line, message}};
    `line` is left out where Ollama names none."""
    try:
        commands = parse(data)
    except ModelfileError as error:
        found: dict[str, Any] = {"kind": error.kind.value, "message": error.message}
        if error.line is not None:
            found["line"] = error.line
        return {"error": found}
    return {"commands": [{"name": command.name, "args": command.args} for command in commands]}
