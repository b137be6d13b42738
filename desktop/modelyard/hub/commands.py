"""The commands and lines of code that model pages tell people to copy; which model they name."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

_CODE = re.compile(
    r"""(?:\b(?:repo_id|model|model_id|model_name|pretrained_model_name_or_path)\s*=\s*"""
    r"""|\b(?:from_pretrained|snapshot_download|hf_hub_download|SentenceTransformer|LLM)\(\s*)["']([^"'\s]+/[^"'\s]+)["']"""
)
_PROMPT = re.compile(r"^(?:\$|>|>>>|!|%|PS [^>]*>|C:\\[^>]*>)\s+")
_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_FETCHERS = ("huggingface-cli", "hf", "hfd", "hfd.sh", "./hfd.sh")
_NAMING_OPTIONS = ("-hf", "-hfr", "--hf-repo", "--hf_repo", "--model", "-m", "--repo-id", "--model-id", "--model_id")
_FILE_OPTIONS = ("--hf-file", "-hff", "--include", "--filename")
_REVISION_OPTIONS = ("--revision", "--branch", "-b")
_FLAGS = ("--quiet", "--force-download", "--depth", "--single-branch", "--private", "-q", "-y", "--verbose")


@dataclass(frozen=True)
class Named:
    """What a command names. `ollama`: it was Ollama's command, so a name without hf.co means Ollama's own library."""

    target: str
    file: str = ""
    revision: str = ""
    ollama: bool = False


def named_by_command(text: str) -> Named | None:
    """The model a pasted command names, or None if the text is no command known here."""
    line = _PROMPT.sub("", text.strip().splitlines()[0] if text.strip() else "")
    if code := _CODE.search(text):
        return Named(code[1])
    try:
        words = shlex.split(line, posix=True)
    except ValueError:
        words = line.split()
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in ("sudo", "env", "export", "time")):
        words = words[1:]  # HF_ENDPOINT=… in front of a command
    if len(words) < 2:
        return None
    program = words[0].replace("\\", "/").rsplit("/", 1)[-1].lower().removesuffix(".exe")
    if program == "ollama" and words[1] in ("run", "pull", "show", "create"):
        return Named(_plain(words[2:])[0], ollama=True) if _plain(words[2:]) else Named("")
    if words[0].lower() in _FETCHERS or program in _FETCHERS:
        return _fetcher(words[2:] if words[1] == "download" else words[1:])
    if program == "git":
        addresses = [word for word in _plain(words[1:]) if "/" in word or "@" in word]
        return Named(addresses[0], revision=_option(words, _REVISION_OPTIONS)) if addresses else None
    if program in ("wget", "curl", "aria2c"):
        addresses = [word for word in words[1:] if "://" in word]
        return Named(addresses[0]) if addresses else None
    if named := _option(words, _NAMING_OPTIONS):
        return Named(named, file=_exact(_option(words, _FILE_OPTIONS)), revision=_option(words, _REVISION_OPTIONS))
    if program in ("vllm", "lms", "mlx_lm.generate", "sglang") and len(words) > 2:
        plain = [word for word in _plain(words[2:]) if "/" in word]
        return Named(plain[0]) if plain else None
    return None


def _fetcher(words: list[str]) -> Named:
    plain = _plain(words)
    file = plain[1] if len(plain) > 1 else _option(words, _FILE_OPTIONS)
    return Named(plain[0] if plain else "", file=_exact(file), revision=_option(words, _REVISION_OPTIONS))


def _plain(words: list[str]) -> list[str]:
    """The words that are neither options nor their values."""
    plain: list[str] = []
    value_follows = False
    for word in words:
        if word.startswith("-") and len(word) > 1:
            value_follows = "=" not in word and word not in _FLAGS
        elif value_follows:
            value_follows = False
        else:
            plain.append(word)
    return plain


def _option(words: list[str], names: tuple[str, ...]) -> str:
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else (words[index + 1] if index + 1 < len(words) else "")
    return ""


def _exact(file: str) -> str:
    """A file name; a pattern such as "*Q4_K_M*" names no one file."""
    return "" if any(character in file for character in "*?[") else file
