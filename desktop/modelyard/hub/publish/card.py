"""What stands beside the published weights: the model card, and the files from which Ollama takes a persona.

`ollama run hf.co/user/repo` reads `template`, `system` and `params` at the repository's root (huggingface.co/docs/hub/
ollama, "Custom chat template and parameters")."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...host.folders import resources_folder
from ..links import is_repository_id


@dataclass(frozen=True)
class CardFile:
    """A line of the card's table of sizes. A split set is one line: `name` of its first part, bytes of all."""

    name: str
    size_label: str
    total_bytes: int


@dataclass(frozen=True)
class Card:
    """`base_model` is a repository id or "". `licence` as the Hub names it ("apache-2.0", "other" …)."""

    title: str
    repository: str
    files: tuple[CardFile, ...]
    base_model: str = ""
    licence: str = ""
    licence_link: str = ""
    persona: bool = False


def model_card(card: Card) -> bytes:
    """README.md: the Hub's front matter and a page for people."""
    from huggingface_hub import ModelCardData

    base = card.base_model if is_repository_id(card.base_model) else ""
    metadata = ModelCardData(
        license=card.licence or None,
        license_link=card.licence_link or None,
        library_name="gguf",
        pipeline_tag="text-generation",
        base_model=base or None,
        base_model_relation="quantized" if base else None,
        tags=["gguf", "ollama", "llama.cpp", "modelyard"],
        ignore_metadata_errors=True,
    )
    template = string.Template((resources_folder() / "hub" / "model_card.md").read_text(encoding="utf-8"))
    rows = (f"| `{_plain(f.name)}` | {_plain(f.size_label)} | {f.total_bytes / 1e9:.2f} GB |" for f in card.files)
    text = template.substitute(
        metadata=metadata.to_yaml().strip(),
        title=_plain(card.title),
        origin=f"Made from [{base}](https://huggingface.co/{base})." if base else "",
        rows="\n".join(rows),
        repository=card.repository,
        first_label=_plain(card.files[0].size_label) if card.files else "",
        first_file=_plain(card.files[0].name) if card.files else "",
        persona="The persona (system prompt, parameters) comes with it." if card.persona else "",
        licence=_plain(card.licence) or "not stated; see the original model",
    )
    return text.encode("utf-8")


def ollama_files(template: str, system: str, parameters: Mapping[str, Any]) -> dict[str, bytes]:
    """The files Ollama reads from a repository, by name; those that would be empty are left out."""
    files = {"template": template.encode("utf-8"), "system": system.encode("utf-8")}
    if parameters:
        files["params"] = json.dumps(dict(parameters), ensure_ascii=False, indent=2).encode("utf-8")
    return {name: content for name, content in files.items() if content.strip()}


def _plain(text: str) -> str:
    """Text that cannot break a Markdown table or heading."""
    return " ".join(text.replace("|", "\\|").replace("`", "'").replace("<", "&lt;").split())
