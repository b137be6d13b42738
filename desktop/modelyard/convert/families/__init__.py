"""The families of models we convert, one short file each; the registry by class name is here."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING

from ...errors import Code, ModelyardError

if TYPE_CHECKING:
    from ..family import Family

MODULES = (
    "llama",
    "janus",
    "qwen",
    "gemma",
    "phi",
    "granite",
    "olmo",
    "gpt2",
    "cohere",
    "starcoder",
    "falcon",
    "gptneox",
    "stablelm",
    "glm",
    "exaone",
    "internlm",
    "nemotron",
    "deepseek",
    "deepseek_ocr",
    "gpt_oss",
    "lfm2",
    "mamba",
    "apertus",
    "ernie",
    "llama4",
    "qwen_next",
    "minicpm_v",
    "minicpm",
    "baichuan",
    "bert",
    "mistral3",
    "qwen3_vl",
    "seed_oss",
    "granite_hybrid",
    "bloom",
    "hunyuan",
    "hunyuan_vl",
    "gemma3n",
    "bitnet",
    "dots",
    "minimax",
    "bailing",
    "falcon_h1",
    "nemotron_h",
    "jamba",
    "kimi_linear",
    "rwkv",
    "plamo",
    "granite_swa",
    "gemma4",
    "deci",
    "hunyuan_moe",
    "cohere_moe",
    "exaone_moe",
    "afmoe",
    "smallthinker",
    "grovemoe",
    "hy",
    "mellum",
    "deepseek_sparse",
    "step",
    "mimo",
    "mpt",
    "qwen1",
    "jina",
    "eurobert",
    "orion",
    "xverse",
    "codeshell",
    "openelm",
    "jais",
    "arctic",
    "grok",
    "pangu",
    "maincoder",
    "nanbeige",
    "talkie",
    "chameleon",
)


@functools.cache
def all_families() -> tuple[type[Family], ...]:
    modules = [import_module(f".{name}", __package__) for name in MODULES]
    return tuple(family for module in modules for family in module.FAMILIES)


@functools.cache
def registry() -> dict[str, type[Family]]:
    """Class name (config.json's `architectures`) → family."""
    return {name: family for family in all_families() for name in (*family.classes, *family.text_only)}


def family_of(architecture: str) -> type[Family]:
    """Raises FAMILY_UNKNOWN."""
    family = registry().get(architecture)
    if family is None:
        raise ModelyardError(Code.FAMILY_UNKNOWN, architecture=architecture)
    return family
