"""Special tokens, the BOS/EOS rule, merges, normalizer flags and chat templates of a checkpoint, as llama.cpp b11434
finds them (gguf-py/gguf/vocab.py SpecialVocab). tokenizer_config.json names the tokens, tokenizer.json's added tokens
give their ids, config.json fills what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import Code, ModelyardError
from ..keys import Keys
from ..model import Model
from .slow_tokenizer import read_merges
from .template import TemplateRule

_NAMED = "additional_chat_templates/"
TYPES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


class SpecialTokens:
    """ids: token id by type ("bos", "eot", …), in the order they are written. add: whether such a token is put around
    a text. `limit`: ids from there on are ignored (the vocabulary's length)."""

    def __init__(
        self,
        model: Model,
        *,
        merges: bool = False,
        types: Iterable[str] = TYPES,
        limit: int | None = None,
    ) -> None:
        """Raises JSON_INVALID, TOKENIZER_INVALID."""
        self.ids: dict[str, int] = {}
        self.add: dict[str, bool] = {}
        self.merges: list[str] = []
        self.chat_template: Any = None
        self._limit = limit
        self._types = tuple(types)
        self._flags: dict[str, bool] = {}
        tokenizer = model.json("tokenizer.json")
        settings = dict(model.json("tokenizer_config.json") or {}) or None
        if tokenizer is not None:
            self._read_tokenizer(tokenizer, settings, merges)
        if settings is not None:
            self.chat_template = _chat_template(model, settings)
            self._name_tokens(settings, (tokenizer or {}).get("added_tokens") or [])
        self._fill_from_config(model.json("config.json") or {})
        if merges and not self.merges:
            self.merges = read_merges(model)

    def set(self, kind: str, number: Any) -> None:
        """The first id of a type stays. Some configurations say -1 for "none"."""
        if not isinstance(number, int) or isinstance(number, bool) or number < 0 or kind in self.ids:
            return
        if self._limit is None or number < self._limit:
            self.ids[kind] = number

    def write(self, keys: Keys) -> None:
        if self.merges:
            keys.add_token_merges(self.merges)
        for kind, number in self.ids.items():
            add = getattr(keys, f"add_{kind}_token_id", None)
            if add is not None:
                add(number)
        for kind, value in self.add.items():
            add = getattr(keys, f"add_add_{kind}_token", None)
            if add is not None:
                add(value)
        if self.chat_template is not None:
            keys.add_chat_template(self.chat_template)
        for name, value in self._flags.items():
            keys.add_bool(f"tokenizer.ggml.normalizer.{name}", value)

    def _read_tokenizer(self, tokenizer: dict[str, Any], settings: dict[str, Any] | None, merges: bool) -> None:
        if merges:
            self.merges = _merges((tokenizer.get("model") or {}).get("merges"))
        if normalizer := tokenizer.get("normalizer"):
            flags = dict(_normalizer_flags(normalizer))
            self._flags = {name: flags[name] for name in ("lowercase", "strip_accents") if flags.get(name) is not None}
        rule = TemplateRule(settings, self._types)
        rule.read(tokenizer.get("post_processor"))
        self.add.update(rule.add)
        self._types = rule.types

    def _name_tokens(self, settings: Mapping[str, Any], added: list[Mapping[str, Any]]) -> None:
        for kind in self._types:
            wanted = settings.get(f"add_{kind}_token")
            if isinstance(wanted, bool):
                self.add.setdefault(kind, wanted)
            entry = settings.get(f"{kind}_token")
            text = entry.get("content") if isinstance(entry, dict) else entry
            if isinstance(text, str):
                self.set(kind, next((token.get("id") for token in added if token.get("content") == text), None))

    def _fill_from_config(self, config: Mapping[str, Any]) -> None:
        inner = config.get("text_config")
        for kind in self._types:
            number = config.get(f"{kind}_token_id")
            if number is None and isinstance(inner, dict):
                number = inner.get(f"{kind}_token_id")
            self.set(kind, number)


def _merges(merges: Any) -> list[str]:
    """Old form: "a b"; new form: ["a", "b"], where a space inside a part is written as its byte-level letter Ġ."""
    if not isinstance(merges, list) or not merges:
        return []
    if isinstance(merges[0], str):
        return merges
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in merges):
        raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail="merges")
    spaced = any(" " in first or " " in second for first, second in merges)
    if not spaced:
        return [f"{first} {second}" for first, second in merges]
    return [" ".join(part.replace(" ", "Ġ") for part in pair) for pair in merges]


def _normalizer_flags(normalizer: Mapping[str, Any]) -> Iterable[tuple[str, bool]]:
    match normalizer.get("type"):
        case "Lowercase":
            yield "lowercase", True
        case "StripAccents":
            yield "strip_accents", True
        case "BertNormalizer":
            yield from ((name, normalizer[name]) for name in ("lowercase", "strip_accents") if name in normalizer)
        case "Sequence":
            for each in normalizer.get("normalizers") or []:
                yield from _normalizer_flags(each)


def _chat_template(model: Model, settings: Mapping[str, Any]) -> Any:
    """A template in tokenizer_config.json beats chat_template.jinja, which beats chat_template.json."""
    if "chat_template" in settings:
        template = settings["chat_template"]
    elif (text := model.files.text("chat_template.jinja")) is not None:
        template = _with_named_templates(model, text)
    else:
        template = (model.json("chat_template.json") or {}).get("chat_template")
    return template if isinstance(template, str | list) else None


def _with_named_templates(model: Model, default: str) -> Any:
    """Templates for other uses (tools, retrieval) lie in a folder beside the main one."""
    names = [name for name in model.files.names if name.startswith(_NAMED) and name.endswith(".jinja")]
    if not names:
        return default
    others = [(name.removeprefix(_NAMED).removesuffix(".jinja"), model.files.text(name)) for name in sorted(names)]
    named = [{"name": name, "template": template} for name, template in others]
    return [{"name": "default", "template": default}, *named]
