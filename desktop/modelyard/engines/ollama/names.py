"""Model names as Ollama reads them: `[scheme://][host/][namespace/]model[:tag]` (types/model/name.go of Ollama).

Case is kept but compared without case. Names with an `@digest` are refused by the servers we know.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"
_MISSING = "!MISSING!"  # a part that its separator promised and that is empty

_LETTERS = string.ascii_letters + string.digits
_ALLOWED = {
    "host": _LETTERS + "_-.:",
    "namespace": _LETTERS + "_-",
    "model": _LETTERS + "_-.",
    "tag": _LETTERS + "_-.",
    "digest": _LETTERS + "_-.",
}
_LONGEST = {"host": 350}


@dataclass(frozen=True)
class Name:
    """The parts as written; empty where the text has none."""

    scheme: str = ""
    host: str = ""
    namespace: str = ""
    model: str = ""
    tag: str = ""

    @property
    def complete(self) -> bool:
        """All parts are there and allowed."""
        parts = (("host", self.host), ("namespace", self.namespace), ("model", self.model), ("tag", self.tag))
        return all(valid_part(kind, text) for kind, text in parts)

    @property
    def full(self) -> str:
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def path(self) -> str:
        """Where its manifest stands below a manifest tree, slash-separated."""
        return f"{self.host}/{self.namespace}/{self.model}/{self.tag}"

    @property
    def short(self) -> str:
        """As Ollama shows it: without the default host and namespace, always with the tag."""
        text = f"{self.model}:{self.tag}"
        if self.host.lower() != DEFAULT_HOST:
            return f"{self.host}/{self.namespace}/{text}"
        return text if self.namespace.lower() == DEFAULT_NAMESPACE else f"{self.namespace}/{text}"


def valid_part(kind: str, text: str) -> bool:
    """Whether `text` may stand as the part `kind` ("host", "namespace", "model", "tag")."""
    if not 1 <= len(text) <= _LONGEST.get(kind, 80):
        return False
    return text[0] in _LETTERS + "_" and all(character in _ALLOWED[kind] for character in text)


def parse_bare(text: str) -> Name:
    """The parts as written, nothing filled in, nothing checked."""
    tag = namespace = host = scheme = ""
    if text.rfind(":") > text.rfind("/"):
        text, tag = _cut(text, ":")
    if "/" not in text:
        return Name(model=text, tag=tag)
    text, model = _cut(text, "/")
    if "/" not in text:
        return Name(namespace=text, model=model, tag=tag)
    text, namespace = _cut(text, "/")
    scheme, separator, host = text.partition("://")
    if not separator:
        scheme, host = "", text
    return Name(scheme, host, namespace, model, tag)


def _cut(text: str, separator: str) -> tuple[str, str]:
    before, _, after = text.rpartition(separator)
    return before or _MISSING, after or _MISSING


def parse(text: str) -> Name:
    """The name with Ollama's defaults for what is not said."""
    name = parse_bare(text)
    return replace(
        name,
        scheme=name.scheme or "https",
        host=name.host or DEFAULT_HOST,
        namespace=name.namespace or DEFAULT_NAMESPACE,
        tag=name.tag or DEFAULT_TAG,
    )


def is_valid(text: str) -> bool:
    """Whether Ollama takes this as a model's name."""
    return parse(text).complete


def is_own(text: str) -> bool:
    """Whether a model of this computer may have the name: valid, and not one that Ollama sends to its cloud."""
    return is_valid(text) and source_of(text).source != "cloud"


def same(first: str, second: str) -> bool:
    """Whether two names mean the same model: Ollama compares without case."""
    return parse(first).full.lower() == parse(second).full.lower()


def from_manifest_path(path: str) -> Name | None:
    """The model of a manifest at `host/namespace/model/tag`, or None if that is no manifest's place."""
    parts = path.split("/")
    if len(parts) != 4:
        return None
    name = Name("", *parts)
    return name if name.complete else None


@dataclass(frozen=True)
class Source:
    """Where a name sends a request: "cloud", "local" or "unspecified"; `base` is the name without the suffix."""

    base: str
    source: str
    pull_name: str


def source_of(text: str) -> Source:
    """Understands the suffixes `:cloud`, `:local` and a tag's `-cloud`, in any case.

    Raises ValueError with Ollama's words if there is no name or two suffixes disagree."""
    text = text.strip()
    if not text:
        raise ValueError("model is required")
    base, source = _strip_source(text)
    if source != "unspecified" and _strip_source(base)[1] not in ("unspecified", source):
        raise ValueError(f'use either :local or :cloud, not both: "{text}"')
    if source != "cloud":
        return Source(base, source, base)
    tagged = base.rfind(":") > base.rfind("/")
    return Source(base, source, f"{base}-cloud" if tagged else f"{base}:cloud")


def _strip_source(text: str) -> tuple[str, str]:
    before, separator, tag = text.rpartition(":")
    if not separator or "/" in tag:
        return text, "unspecified"
    if tag.lower() in ("cloud", "local"):
        return before, tag.lower()
    if tag.lower().endswith("-cloud"):
        return text[: -len("-cloud")], "cloud"
    return text, "unspecified"


_HELPER = "modelyard-helper-"


def helper(purpose: str, mark: str) -> str:
    """The name of a model that we make for a moment and remove again."""
    return f"{_HELPER}{purpose}:{mark}"


def is_helper(text: str) -> bool:
    return parse(text).model.startswith(_HELPER)
