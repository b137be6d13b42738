"""A Modelfile read as strictly as Ollama reads it: all commands, or the first error in Ollama's own words."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Code, ModelyardError
from .decode import decode
from .scanner import KEYWORDS, ROLES, NodeKind, Problem, ProblemKind, scan

_CODES = {
    ProblemKind.MISSING_FROM: Code.MODELFILE_NO_FROM,
    ProblemKind.INVALID_COMMAND: Code.MODELFILE_COMMAND,
    ProblemKind.INVALID_MESSAGE_ROLE: Code.MODELFILE_ROLE,
    ProblemKind.UNEXPECTED_EOF: Code.MODELFILE_UNFINISHED,
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command as Ollama stores it; see scanner.Node for the names."""

    name: str
    args: str


class ModelfileError(ModelyardError):
    """Ollama would refuse this text. `message` is Ollama's own, `line` counts as Ollama counts (each CR and each LF
    is one, the line end just read included) and is None where Ollama names no line."""

    def __init__(self, kind: ProblemKind, word: str | None, line: int | None) -> None:
        self.kind = kind
        self.line = line
        self.message = _message(kind, word, line)
        super().__init__(_CODES[kind], word=word, line=line)


def parse(data: str | bytes) -> tuple[Command, ...]:
    """The commands in their order. Raises ModelfileError."""
    text = data if isinstance(data, str) else decode(data)
    commands: list[Command] = []
    position = 0
    for node in scan(text):
        if node.problem is not None:
            raise error_at(text, position, node.problem)
        if node.kind is NodeKind.COMMAND:
            commands.append(Command(node.name, node.args))
        position += len(node.text)
    if not any(command.name == "model" for command in commands):
        raise ModelfileError(ProblemKind.MISSING_FROM, None, None)
    return tuple(commands)


def error_at(text: str, position: int, problem: Problem) -> ModelfileError:
    """The error for a problem of the node that begins at `position` of `text`."""
    return error_after(lines_in(text[:position]), text[position : position + problem.end], problem)


def error_after(lines: int, read: str, problem: Problem) -> ModelfileError:
    """The error for a problem of a node with `lines` line ends before it; `read`: what Ollama had read of the node."""
    numbered = problem.kind is not ProblemKind.UNEXPECTED_EOF
    return ModelfileError(problem.kind, problem.word, 1 + lines + lines_in(read) if numbered else None)


def lines_in(text: str) -> int:
    """Line ends as Ollama counts them: each CR and each LF is one."""
    return text.count("\n") + text.count("\r")


def _listed(words: tuple[str, ...]) -> str:
    quoted = [f'"{word}"' for word in words]
    return f"{', '.join(quoted[:-1])}, or {quoted[-1]}"


def _message(kind: ProblemKind, word: str | None, line: int | None) -> str:
    match kind:
        case ProblemKind.MISSING_FROM:
            return "no FROM line"
        case ProblemKind.INVALID_COMMAND:
            return f"(line {line}): command must be one of {_listed(KEYWORDS)}"
        case ProblemKind.INVALID_MESSAGE_ROLE:
            return f"(line {line}): message role must be one of {_listed(ROLES)}"
        case ProblemKind.UNEXPECTED_EOF:
            return f"unexpected EOF: {word}" if word is not None else "unexpected EOF"
