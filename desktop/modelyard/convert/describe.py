"""What is known about a kind of model before anything is converted: for the check card and for the README's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ..formats.checkpoint import architecture_of


class Support(StrEnum):
    WORKS = "works"
    TEXT_ONLY = "text_only"  # pictures or sound are left out
    NOT_YET = "not_yet"


@dataclass(frozen=True)
class FamilyInfo:
    """class_name: as config.json names it. title: the models' own names ("" if unknown). architecture: llama.cpp's.
    sees: a second file for pictures is made. sees_only: of which encoder, where a class has several of which one is
    converted. proof: see Family. reason: for NOT_YET, a code of words [not_yet]."""

    class_name: str
    support: Support
    title: str = ""
    architecture: str = ""
    sees: bool = False
    proof: str = ""
    sees_only: str = ""
    reason: str = ""


# Well-known kinds that cannot become a chat model here, and why.
_NOT_YET = {
    "encoder_decoder": ("T5ForConditionalGeneration", "BartForConditionalGeneration", "MBartForConditionalGeneration"),
    "speech": ("WhisperForConditionalGeneration", "SpeechT5ForTextToSpeech", "Wav2Vec2ForCTC", "MusicgenModel"),
    "pictures": ("CLIPModel", "SiglipModel", "ViTForImageClassification", "StableDiffusionPipeline"),
    "add_on_model": ("Eagle3LlamaForCausalLM", "LlamaForCausalLMEagle3", "DFlashDraftModel"),
    "other_activation": ("BitNetForCausalLM",),
}


def describe(config: Mapping[str, Any]) -> FamilyInfo:
    """Cheap: looks at class names and at what kind of encoder there is. Raises CHECKPOINT_NO_ARCHITECTURE."""
    from .projectors import projector_of

    name = architecture_of(config, "config.json")
    found = next((info for info in known_families() if info.class_name == name), None)
    if found is None:
        return _unknown(name)
    if not isinstance(config.get("vision_config", config.get("visual")), dict):  # "visual": Qwen-VL
        return found
    sees = projector_of(config) is not None
    return replace(found, support=Support.WORKS if sees else Support.TEXT_ONLY, sees=sees)


def known_families() -> Iterator[FamilyInfo]:
    """Every class name we convert, family by family."""
    from .families import all_families
    from .projectors import all_projectors

    seeing = {name: projector for projector in all_projectors() for name in projector.classes}
    for family in all_families():
        for name in (*family.classes, *family.text_only):
            partly = name in family.text_only and name not in seeing
            support = Support.TEXT_ONLY if partly else Support.WORKS
            eyes = seeing.pop(name, None)
            only = eyes.only if eyes is not None else ""
            yield FamilyInfo(name, support, family.title, family.arch, eyes is not None, family.proof, only)
    for name, projector in seeing.items():
        if projector.text_inside:
            yield FamilyInfo(name, Support.WORKS, projector.title, "", True, projector.proof)


def _unknown(name: str) -> FamilyInfo:
    reason = next((reason for reason, names in _NOT_YET.items() if name in names), "unknown")
    return FamilyInfo(name, Support.NOT_YET, reason=reason)


def families_table() -> str:
    """The table for the README: one line a family, in Markdown."""
    proofs = {
        "golden": "llama.cpp's recorded results",
        "reference": "compared with llama.cpp's converter",
        "builder": "checkpoints of our own",
    }
    lines = ["| Models | Class in config.json | | Tested with |", "| --- | --- | --- | --- |"]
    rows: dict[tuple[str, str, str], list[str]] = {}
    for info in known_families():
        state = "text and pictures" if info.sees else "works" if info.support is Support.WORKS else "text only"
        if info.sees_only:
            state = f"{info.sees_only}: {state}; others: text only"
        rows.setdefault((info.title, state, info.proof), []).append(info.class_name)
    for (title, state, proof), names in rows.items():
        lines.append(f"| {title} | {', '.join(f'`{name}`' for name in names)} | {state} | {proofs[proof]} |")
    return "\n".join(lines) + "\n"
