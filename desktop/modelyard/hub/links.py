"""Every way in which people name a model on Hugging Face, understood as one value. Nothing is asked of the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from ..errors import Code, ModelyardError
from .commands import named_by_command

OFFICIAL_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co")
MIRROR_HOSTS = ("hf-mirror.com", "www.hf-mirror.com")
_LIMIT = 2000
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_QUOTES = "\"'`“”‘’«»<>()[]，。；;,"
# Repository names as the Hub allows them: letters, digits, "-", "_", "."; no "--" or ".."; not at the ends; 96 at most.
_PART = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?|localhost:\d+|\d+\.\d+\.\d+\.\d+:\d+")
_FILE = re.compile(r".+\.(?:gguf|safetensors|bin|pt|pth|json|jinja|model|txt|md|zip)", re.IGNORECASE)
_OLLAMA_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*:[A-Za-z0-9._-]+")
_NOT_MODELS = {
    "datasets": "dataset",
    "spaces": "space",
    "collections": "collection",
    "papers": "paper",
    "docs": "page",
    "blog": "page",
    "settings": "page",
    "join": "page",
    "login": "page",
    "pricing": "page",
    "tasks": "page",
    "learn": "page",
    "chat": "page",
    "organizations": "page",
    "search": "page",
}
# Models from before repositories had owners; the Hub redirects these names.
_WITHOUT_OWNER = {
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "distilgpt2": "distilbert/distilgpt2",
}


@dataclass(frozen=True)
class HubLink:
    """A repository, and what of it was meant. `endpoint_host` is the host that was written ("" = none);
    `size_tag` as written, e.g. "Q4_K_M"."""

    id: str
    revision: str = "main"
    file: str = ""
    size_tag: str = ""
    endpoint_host: str = ""


def parse_link(text: str, more_hosts: tuple[str, ...] = ()) -> HubLink:
    """Understands an id, id@revision, id:size, a web link, a git address and the commands people copy from model pages.

    `more_hosts`: hosts of a person's own download source. Raises HUB_LINK_EMPTY, HUB_LINK_INVALID,
    HUB_LINK_OTHER_SITE, HUB_LINK_NOT_MODEL, HUB_LINK_NO_MODEL, HUB_LINK_OLLAMA_NAME.
    """
    typed = text.translate(_INVISIBLE).strip()
    if not typed:
        raise ModelyardError(Code.HUB_LINK_EMPTY)
    if len(typed) > _LIMIT:
        raise ModelyardError(Code.HUB_LINK_INVALID, text=typed[:80])
    command = named_by_command(typed)
    target = (command.target if command else typed).strip().strip(_QUOTES).strip()
    if not target or "\\" in target or any(character.isspace() for character in target):
        raise ModelyardError(Code.HUB_LINK_INVALID, text=typed[:80])
    link = _parse_target(target, tuple(host.lower() for host in more_hosts), ollama=bool(command and command.ollama))
    if command is None:
        return link
    return HubLink(
        link.id, command.revision or link.revision, command.file or link.file, link.size_tag, link.endpoint_host
    )


def is_repository_id(text: str) -> bool:
    """True for owner/name by the Hub's rules."""
    owner, slash, name = text.partition("/")
    return bool(slash and _PART.fullmatch(owner) and _PART.fullmatch(name) and not name.endswith(".git"))


def _parse_target(target: str, more_hosts: tuple[str, ...], *, ollama: bool) -> HubLink:
    if target.lower().startswith("hf://"):
        return _parse_path(target[5:].removeprefix("models/"), "")
    if git := re.fullmatch(r"(?:ssh://)?git@([^:/]+)[:/](.+?)(?:\.git)?/?", target):
        return _parse_web(git[1], git[2], "", more_hosts)
    if "://" in target:
        return _parse_address(target, more_hosts)
    first, slash, rest = target.partition("/")
    if slash and _HOST.fullmatch(first) and (first.lower() in _known(more_hosts) or rest.count("/") >= 1):
        return _parse_address(f"https://{target}", more_hosts)
    if first.lower() in _known(more_hosts):
        return _parse_address(f"https://{target}", more_hosts)
    if ollama or _OLLAMA_NAME.fullmatch(target):
        raise ModelyardError(Code.HUB_LINK_OLLAMA_NAME, name=target[:80])
    return _parse_path(target, "")


def _known(more_hosts: tuple[str, ...]) -> tuple[str, ...]:
    return (*OFFICIAL_HOSTS, *MIRROR_HOSTS, *more_hosts)


def _parse_address(address: str, more_hosts: tuple[str, ...]) -> HubLink:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower() + (f":{parts.port}" if parts.port else "")
    except ValueError as error:
        raise ModelyardError(Code.HUB_LINK_INVALID, text=address[:80]) from error
    if parts.scheme.lower() not in ("http", "https"):
        raise ModelyardError(Code.HUB_LINK_INVALID, text=address[:80])
    return _parse_web(host, parts.path, parts.query, more_hosts)


def _parse_web(host: str, path: str, query: str, more_hosts: tuple[str, ...]) -> HubLink:
    if host.lower() not in _known(more_hosts):
        raise ModelyardError(Code.HUB_LINK_OTHER_SITE, host=host[:80])
    link = _parse_path(path, host.lower())
    shown = parse_qs(query).get("show_file_info", [""])[0]  # the file viewer's address on a model page
    return HubLink(link.id, link.revision, shown, link.size_tag, host.lower()) if shown and not link.file else link


def _parse_path(path: str, host: str) -> HubLink:
    segments = [unquote(segment) for segment in path.split("/") if segment]
    if segments[:2] == ["api", "models"]:
        segments = segments[2:]
    if segments[:1] == ["models"] and len(segments) >= 3:
        segments = segments[1:]
    if segments and segments[0].lower() in _NOT_MODELS:
        raise ModelyardError(Code.HUB_LINK_NOT_MODEL, kind=_NOT_MODELS[segments[0].lower()], text="/".join(segments))
    if not segments or segments == ["models"]:
        raise ModelyardError(Code.HUB_LINK_INVALID, text=(host or path)[:80])
    if len(segments) == 1:
        return _lone_name(segments[0], host)
    name, revision, tag = _name_parts(segments[1])
    repository = f"{segments[0]}/{name.removesuffix('.git')}"
    if not is_repository_id(repository):
        raise ModelyardError(Code.HUB_LINK_INVALID, text=repository[:80])
    file = ""
    rest = segments[2:]
    if rest and rest[0] in ("tree", "blob", "resolve", "raw", "blame", "edit", "commits", "commit", "revision"):
        revision = rest[1] if len(rest) > 1 else revision
        file = "/".join(rest[2:]) if rest[0] != "tree" or _FILE.fullmatch(rest[-1]) else ""
    elif rest and _FILE.fullmatch(_name_parts(rest[-1])[0]):
        file = "/".join(rest)
    elif rest and rest[0] not in ("discussions", "settings", "community"):
        raise ModelyardError(Code.HUB_LINK_INVALID, text="/".join(segments)[:80])
    if _FILE.fullmatch(tag) and tag.lower().endswith(".gguf"):  # Ollama also takes a file name as the tag
        file, tag = file or tag, ""
    return HubLink(repository, revision or "main", file, "" if tag.lower() == "latest" else tag, host)


def _lone_name(segment: str, host: str) -> HubLink:
    name, revision, tag = _name_parts(segment)
    if name.lower() in _WITHOUT_OWNER:
        return HubLink(_WITHOUT_OWNER[name.lower()], revision or "main", "", tag, host)
    if _PART.fullmatch(name):
        raise ModelyardError(Code.HUB_LINK_NO_MODEL, owner=name)
    raise ModelyardError(Code.HUB_LINK_INVALID, text=segment[:80])


def _name_parts(segment: str) -> tuple[str, str, str]:
    """name[@revision][:size] as (name, revision, size)."""
    before, _, tag = segment.partition(":")
    name, _, revision = before.partition("@")
    if not revision and "@" in tag:
        tag, _, revision = tag.partition("@")
    return name, revision, tag
