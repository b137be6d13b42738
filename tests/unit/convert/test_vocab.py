"""Vocabularies from the files of a folder: special tokens, templates, SentencePiece, byte-level, WordPiece."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from modelyard.convert.config import Config
from modelyard.convert.keys import Keys
from modelyard.convert.model import Model
from modelyard.convert.vocab.bpe import looks_special, read_vocabulary
from modelyard.convert.vocab.fingerprint import TEXT, fingerprint, pretokenizer
from modelyard.convert.vocab.hf_tokenizer import load_tokenizer
from modelyard.convert.vocab.proto import normalizer_of
from modelyard.convert.vocab.slow_tokenizer import read_merges
from modelyard.convert.vocab.special import SpecialTokens
from modelyard.convert.vocab.spm import read_pieces
from modelyard.convert.vocab.template import TemplateRule
from modelyard.errors import Code, ModelyardError
from modelyard.formats.checkpoint_files import SmallFiles
from modelyard.formats.checkpoint_folder import LocalFolder
from modelyard.selftest.tiny_checkpoint import write_tiny_llama
from tests.builders.hf_folder_models import END, write_tokenizer


def model_in(folder: Path, **config: Any) -> Model:
    files = SmallFiles(LocalFolder(folder))
    return Model(files, Config(config), config, {}, lambda names: {}, "LlamaForCausalLM")


def write(folder: Path, name: str, value: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) else json.dumps(value)
    (folder / name).write_text(text, encoding="utf-8")


def written(special: SpecialTokens) -> dict[str, Any]:
    keys = Keys("llama")
    special.write(keys)
    return {entry.key: entry.value for entry in keys.entries() if entry.key.startswith("tokenizer")}


# --- the fixed text ---------------------------------------------------------------------------------------------


def test_fixed_text_is_the_reference_s() -> None:
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert digest == "a36179c1e2b1cfcfbfad1dc779addad2ffc778201e4cf0d538bddeafa2c526da"


def test_unknown_fingerprint() -> None:
    assert pretokenizer([1, 2, 3]) is None
    assert fingerprint([1, 2, 3]) == fingerprint((1, 2, 3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|im_end|>", True),
        ("<unused12>", True),
        ("<pad>", True),
        ("<｜end｜>", True),
        ("word", False),
        ("<tag>", False),
    ],
)
def test_tokens_that_look_special(text: str, expected: bool) -> None:
    assert looks_special(text) is expected


# --- special tokens -----------------------------------------------------------------------------------------------


def test_names_from_tokenizer_config_then_ids_from_config(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer.json", {"added_tokens": [{"id": 7, "content": "</s>"}, {"id": 9, "content": "</s>"}]})
    write(tmp_path, "tokenizer_config.json", {"eos_token": {"content": "</s>"}, "add_bos_token": True})
    write(tmp_path, "config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": -1, "unk_token_id": [1]})
    special = SpecialTokens(model_in(tmp_path))
    assert special.ids == {"eos": 7, "bos": 1}
    assert special.add == {"bos": True}


def test_ids_beyond_the_vocabulary_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "config.json", {"bos_token_id": 1, "eos_token_id": 32000})
    assert SpecialTokens(model_in(tmp_path), limit=32000).ids == {"bos": 1}


def test_text_config_is_looked_at_last(tmp_path: Path) -> None:
    write(tmp_path, "config.json", {"eos_token_id": None, "text_config": {"eos_token_id": 5}})
    assert SpecialTokens(model_in(tmp_path)).ids == {"eos": 5}


def test_merges_of_both_forms(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer.json", {"model": {"merges": [["a", "b"], ["a b", "c"]]}})
    assert SpecialTokens(model_in(tmp_path), merges=True).merges == ["a b", "aĠb c"]
    write(tmp_path, "tokenizer.json", {"model": {"merges": ["x y"]}})
    assert SpecialTokens(model_in(tmp_path), merges=True).merges == ["x y"]
    write(tmp_path, "tokenizer.json", {"model": {"merges": [["a"]]}})
    with pytest.raises(ModelyardError) as caught:
        SpecialTokens(model_in(tmp_path), merges=True)
    assert caught.value.code is Code.TOKENIZER_INVALID


def test_merges_file(tmp_path: Path) -> None:
    write(tmp_path, "merges.txt", "#version: 0.2\na b\nbroken\nc d\n")
    assert read_merges(model_in(tmp_path)) == ["a b", "c d"]


def test_chat_templates(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer_config.json", {"x": 1})
    write(tmp_path, "chat_template.jinja", "from jinja")
    assert written(SpecialTokens(model_in(tmp_path)))["tokenizer.chat_template"] == "from jinja"
    write(tmp_path, "additional_chat_templates/tool_use.jinja", "for tools")
    values = written(SpecialTokens(model_in(tmp_path)))
    assert values["tokenizer.chat_template"] == "from jinja"
    assert values["tokenizer.chat_template.tool_use"] == "for tools"
    assert values["tokenizer.chat_templates"] == ["tool_use"]
    write(tmp_path, "tokenizer_config.json", {"chat_template": "from the settings"})
    assert written(SpecialTokens(model_in(tmp_path)))["tokenizer.chat_template"] == "from the settings"


def test_normalizer_flags(tmp_path: Path) -> None:
    normalizer = {"type": "Sequence", "normalizers": [{"type": "BertNormalizer", "lowercase": True}]}
    write(tmp_path, "tokenizer.json", {"normalizer": normalizer})
    assert written(SpecialTokens(model_in(tmp_path)))["tokenizer.ggml.normalizer.lowercase"] is True


def template(*pieces: str) -> list[dict[str, Any]]:
    return [{"Sequence": {"id": piece}} if piece in ("A", "B") else {"SpecialToken": {"id": piece}} for piece in pieces]


def test_template_with_bos() -> None:
    rule = TemplateRule({"bos_token": "<s>", "eos_token": "</s>"}, ("bos", "eos"))
    rule.read({"type": "TemplateProcessing", "single": template("<s>", "A"), "pair": template("<s>", "A", "<s>", "B")})
    assert rule.add["bos"] is True and "eos" not in rule.add


def test_template_whose_end_is_another_token() -> None:
    settings = {"bos_token": "<s>", "eos_token": "</s>"}
    rule = TemplateRule(settings, ("bos", "eos"))
    rule.read({"type": "TemplateProcessing", "single": template("<s>", "A", "<end>")})
    assert rule.add == {"bos": True, "eos": True}
    assert rule.types == ("bos", "eos", "eot") and settings["eot_token"] == "</s>" and settings["eos_token"] == "<end>"


def test_template_of_bert() -> None:
    rule = TemplateRule({"cls_token": "[CLS]", "sep_token": "[SEP]"}, ("bos", "eos", "sep"))
    pair = template("[CLS]", "A", "[SEP]", "B", "[SEP]")
    rule.read({"type": "TemplateProcessing", "single": template("[CLS]", "A", "[SEP]"), "pair": pair})
    assert rule.add == {"bos": True, "eos": True, "sep": False}


def test_byte_level_and_roberta_processors() -> None:
    rule = TemplateRule({}, ("bos",))
    rule.read({"type": "ByteLevel"})
    assert rule.add == {"bos": False, "eos": False}
    rule.read({"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]})
    assert rule.add == {"bos": True, "eos": True, "sep": True}


# --- vocabularies ---------------------------------------------------------------------------------------------


def test_byte_level_vocabulary_is_padded(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    vocabulary = read_vocabulary(model_in(tmp_path, vocab_size=260), "gpt2")
    assert vocabulary.tokens[257:] == [END, "[PAD258]", "[PAD259]"]
    assert vocabulary.kinds[256:] == [1, 3, 5, 5]


def test_tokens_beyond_the_vocabulary_are_told(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    model = model_in(tmp_path, vocab_size=257)
    assert len(read_vocabulary(model, "gpt2").tokens) == 257
    assert ("tokens_beyond_vocabulary", {"count": 1, "size": 257}) in model.warnings


def test_class_decides_about_bos(tmp_path: Path) -> None:
    """Llama's class puts BOS before a text, whatever tokenizer.json says."""
    write_tiny_llama(tmp_path)
    tokenizer = load_tokenizer(model_in(tmp_path))
    assert tokenizer is not None and tokenizer.encode("a")[0] == 1
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    write(tmp_path, "tokenizer_config.json", settings | {"add_bos_token": False})
    tokenizer = load_tokenizer(model_in(tmp_path))
    assert tokenizer is not None and tokenizer.encode("a")[0] != 1


def test_special_flag_of_settings_wins(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["added_tokens"][0]["special"] = False
    write(tmp_path, "tokenizer.json", tokenizer)
    loaded = load_tokenizer(model_in(tmp_path))
    assert loaded is not None and loaded.added[257].special  # named as EOS in tokenizer_config.json


def test_no_tokenizer_at_all(tmp_path: Path) -> None:
    assert load_tokenizer(model_in(tmp_path)) is None


@pytest.fixture(scope="module")
def sentencepiece_model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    import sentencepiece

    folder = tmp_path_factory.mktemp("spm")
    (folder / "text").write_text("the quick brown fox jumps over the lazy dog\n" * 50, encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "m"), vocab_size=40, model_type="bpe", minloglevel=2
    )
    return (folder / "m.model").read_bytes()


def test_sentencepiece_with_added_tokens(tmp_path: Path, sentencepiece_model: bytes) -> None:
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model)
    write(tmp_path, "added_tokens.json", {"<extra>": 40, "<far>": 99})
    decoder = {"0": {"content": "<unk>", "special": True}, "41": {"content": "▁two", "special": False}}
    write(tmp_path, "tokenizer_config.json", {"added_tokens_decoder": decoder})
    model = model_in(tmp_path, vocab_size=44)
    pieces = read_pieces(model)
    assert (pieces.tokens[0], pieces.scores[0], pieces.kinds[0]) == ("<unk>", -1000.0, 3)
    assert (pieces.tokens[40], pieces.kinds[40]) == ("<extra>", 4)
    assert (pieces.tokens[41], pieces.kinds[41]) == (" two", 4)
    assert (pieces.tokens[43], pieces.scores[43], pieces.kinds[43]) == ("[PAD43]", -10000.0, 5)
    assert model.warnings == [("tokens_beyond_vocabulary", {"count": 1, "size": 44})]


def test_normalizer_settings_of_sentencepiece(sentencepiece_model: bytes) -> None:
    spec = normalizer_of(sentencepiece_model)
    assert spec.add_dummy_prefix and spec.remove_extra_whitespaces and spec.precompiled_charsmap
    with pytest.raises(ValueError):
        normalizer_of(sentencepiece_model[:-3])
    with pytest.raises(ValueError):
        normalizer_of(b"\xff" * 20)


@pytest.mark.parametrize("value", ["half \ud83d", ["whole", "half \ud83d"]])
def test_half_a_character_is_no_text(value: Any) -> None:
    """JSON can write one, a file cannot."""
    keys = Keys("llama")
    keys.add_array("some.key", value) if isinstance(value, list) else keys.add_string("some.key", value)
    with pytest.raises(ModelyardError) as caught:
        keys.entries()
    assert caught.value.code is Code.CONFIG_INVALID
    str(caught.value.fields["detail"]).encode("utf-8")
