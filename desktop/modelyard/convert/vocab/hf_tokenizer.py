"""A tokenizer as transformers' AutoTokenizer would load it, through the library `tokenizers` alone.

Needed for two things: the token ids of the fingerprint text, and the list of added tokens with their flags. Follows
transformers 4.57.6, tokenization_utils_base.py `_from_pretrained` and tokenization_utils_fast.py `__init__`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import Code, ModelyardError
from ..model import Model
from .slow_tokenizer import build_tokenizer
from .tokenizer_class import TokenizerClass, tokenizer_class

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer

_ATTRIBUTES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True)
class AddedVocabularyToken:
    """A token outside the model's own vocabulary, or listed again beside it."""

    content: str
    special: bool
    normalized: bool


class HfTokenizer:
    """vocabulary: all tokens, added ones included. added: by id. specials: the strings of the special tokens."""

    def __init__(self, tokenizer: Tokenizer, clean_up: bool, specials: tuple[str, ...]) -> None:
        self._tokenizer = tokenizer
        self._clean_up = clean_up
        self.specials = specials
        self.vocabulary: dict[str, int] = tokenizer.get_vocab(with_added_tokens=True)
        self.base_size: int = tokenizer.get_vocab_size(with_added_tokens=False)
        self.added = {
            number: AddedVocabularyToken(token.content, token.special, token.normalized)
            for number, token in sorted(tokenizer.get_added_tokens_decoder().items())
        }

    def encode(self, text: str, *, specials: bool = True) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=specials).ids)

    def round_trip(self, token: str) -> str:
        """What a token's text becomes when it is encoded and decoded again: its normalized form."""
        text = self._tokenizer.decode(self.encode(token, specials=False), skip_special_tokens=False)
        return _cleaned(text) if self._clean_up else text


def load_tokenizer(model: Model) -> HfTokenizer | None:
    """None if there is neither tokenizer.json nor the older pair of files it can be built from.

    Raises TOKENIZER_INVALID, JSON_INVALID.
    """
    settings = model.json("tokenizer_config.json") or {}
    kind = tokenizer_class(settings, model.raw)
    tokenizer = _backend(model, settings, kind)
    if tokenizer is None:
        return None
    settings = dict(kind.specials) | settings
    if "prefix_token" in kind.specials:  # Code Llama's four are additional special tokens
        four = [settings.get(f"{name}_token") for name in ("prefix", "middle", "suffix", "eot")]
        settings["additional_special_tokens"] = [
            *(settings.get("additional_special_tokens") or []),
            *filter(None, four),
        ]
    try:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        specials = _add_tokens(tokenizer, model, settings)
        _set_prefix_space(tokenizer, settings.get("add_prefix_space", kind.prefix_space))
        if kind.template:
            _set_template(tokenizer, settings, kind)
        if kind.bert:
            _set_bert_normalizer(tokenizer, settings)
        tokenizer.encode_special_tokens = bool(settings.get("split_special_tokens", False))
        return HfTokenizer(tokenizer, settings.get("clean_up_tokenization_spaces") is True, specials)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer_config.json", detail=str(error)[:200]) from error


def _backend(model: Model, settings: Mapping[str, Any], kind: TokenizerClass) -> Tokenizer | None:
    from tokenizers import Tokenizer

    data = model.files.read("tokenizer.json")
    try:
        return build_tokenizer(model, settings, kind) if data is None else Tokenizer.from_buffer(data)
    except ModelyardError:
        raise
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise ModelyardError(Code.TOKENIZER_INVALID, name="tokenizer.json", detail=str(error)[:200]) from error


def _add_tokens(tokenizer: Tokenizer, model: Model, settings: dict[str, Any]) -> tuple[str, ...]:
    """Tokens of tokenizer_config.json and special_tokens_map.json that tokenizer.json lacks. Returns all specials."""
    from tokenizers import AddedToken

    listed = _listed_tokens(tokenizer, model, settings)
    by_text = {token.content: token for token in listed}
    specials = _special_tokens(settings, by_text)
    known = tokenizer.get_added_tokens_decoder()
    seen = {repr(token) for token in known.values()}
    wanted: list[Any] = [token for token in listed if repr(token) not in seen]
    texts: list[Any] = [token.content for _, token in sorted(known.items())] + [token.content for token in wanted]
    wanted += [token for token in specials if token not in texts and token not in wanted]
    names = tuple(dict.fromkeys(_content(token) for token in specials))
    tokens: list[AddedToken] = []
    for token in wanted:
        if isinstance(token, str):
            token = AddedToken(token, special=token in names)
        else:
            token.special = token.special or token.content in names
        tokens.append(token)
    if tokens:
        tokenizer.add_tokens(tokens)
    return names


def _listed_tokens(tokenizer: Tokenizer, model: Model, settings: dict[str, Any]) -> list[AddedToken]:
    """Added tokens by id: added_tokens_decoder, or the three older files together."""
    from tokenizers import AddedToken

    decoder = settings.get("added_tokens_decoder")
    if isinstance(decoder, dict):
        return [_added(entry) for _, entry in sorted(decoder.items(), key=lambda item: int(item[0]))]
    for key, value in (model.json("special_tokens_map.json") or {}).items():
        before = (settings.get(key) or []) if key == "additional_special_tokens" and isinstance(value, list) else []
        settings[key] = [*before, *_as_special(value)] if before else _as_special(value)
    tokens: dict[int, AddedToken] = {}
    names = {_content(token) for token in _special_tokens(settings, {})}
    for text, number in (model.json("added_tokens.json") or {}).items():
        tokens[int(number)] = AddedToken(text, normalized=text not in names, special=text in names)
    tokens.update(tokenizer.get_added_tokens_decoder())
    return [token for _, token in sorted(tokens.items())]


def _special_tokens(settings: Mapping[str, Any], by_text: Mapping[str, AddedToken]) -> list[Any]:
    """all_special_tokens_extended: each text once, as an AddedToken where one is known."""
    extra = settings.get("extra_special_tokens")
    values: list[Any] = [settings.get(name) for name in _ATTRIBUTES]
    values += settings.get("additional_special_tokens") or []
    values += extra.values() if isinstance(extra, dict) else []
    if isinstance(extra, list):  # as transformers 5 writes it, for which every "…_token" is special (4.57 fails)
        own = (settings[key] for key in settings if key.endswith("_token") and key not in _ATTRIBUTES)
        values += [token for token in (*extra, *own) if isinstance(token, str | dict)]
    found: dict[str, Any] = {}
    for position, value in enumerate(values):
        if isinstance(value, dict):
            value = _added(value)
        if value is None or not _content(value):
            continue
        if position < len(_ATTRIBUTES):
            value = by_text.get(_content(value), value)
        found.setdefault(_content(value), value)
    return list(found.values())


def _as_special(value: Any) -> Any:
    if isinstance(value, dict):
        return _added(value | {"special": True})
    if isinstance(value, list):
        return [_as_special(each) for each in value]
    return value


def _added(entry: Mapping[str, Any]) -> AddedToken:
    from tokenizers import AddedToken

    flags = {
        key: bool(entry[key]) for key in ("single_word", "lstrip", "rstrip", "normalized", "special") if key in entry
    }
    return AddedToken(str(entry["content"]), **flags)


def _content(token: Any) -> str:
    return token if isinstance(token, str) else str(token.content)


def _set_prefix_space(tokenizer: Tokenizer, wanted: Any) -> None:
    from tokenizers import pre_tokenizers

    if tokenizer.pre_tokenizer is None or not isinstance(wanted, bool):
        return
    state = json.loads(tokenizer.pre_tokenizer.__getstate__())
    if state.get("type") == "ByteLevel" and state.get("add_prefix_space") != wanted:
        options = {key: state[key] for key in ("trim_offsets", "use_regex") if key in state}
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=wanted, **options)


def _set_template(tokenizer: Tokenizer, settings: Mapping[str, Any], kind: TokenizerClass) -> None:
    """The BOS/EOS template of Llama's, Gemma's, Cohere's and GPT-NeoX's classes: `update_post_processor`."""
    from tokenizers import processors

    single, used = "$A:0", []
    for name, default in (("bos", kind.bos), ("eos", False)):
        token = settings.get(f"{name}_token")
        if not settings.get(f"add_{name}_token", default) or token is None:
            continue
        text = str(token["content"]) if isinstance(token, dict) else _content(token)
        number = tokenizer.token_to_id(text)
        if number is None:
            continue
        single = f"{text}:0 {single}" if name == "bos" else f"{single} {text}:0"
        used.append((text, number))
    tokenizer.post_processor = processors.TemplateProcessing(single=single, pair=None, special_tokens=used)


def _set_bert_normalizer(tokenizer: Tokenizer, settings: Mapping[str, Any]) -> None:
    from tokenizers import normalizers

    if tokenizer.normalizer is None:
        return
    state = json.loads(tokenizer.normalizer.__getstate__())
    if state.get("type") != "BertNormalizer":
        return
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=bool(state.get("clean_text", True)),
        handle_chinese_chars=bool(settings.get("tokenize_chinese_chars", True)),
        strip_accents=settings.get("strip_accents"),
        lowercase=bool(settings.get("do_lower_case", True)),
    )


def _cleaned(text: str) -> str:
    """clean_up_tokenization of transformers: no space before English punctuation and contractions."""
    for old in (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"):
        text = text.replace(old, old.strip())
    return text
