"""Embedding models built like BERT: BERT, DistilBERT, RoBERTa, XLM-RoBERTa, Nomic's (conversion/bert.py)."""

from __future__ import annotations

from typing import Any, ClassVar

import gguf

from .. import lazy
from ..config import Config
from ..family import Family, Named, Names
from ..keys import Keys
from ..lazy import Lazy
from ..model import Model
from ..pooling import write_pooling
from ..vocab.bpe import write_bpe
from ..vocab.unigram import write_unigram
from ..vocab.wordpiece import write_wordpiece

_HEADS = ("cls.predictions", "cls.seq_relationship")
_OUTPUTS = ("classifier.out_proj.weight", "classifier.weight")  # of classifiers
_UNUSED = ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias")


class Bert(Family):
    title = "BERT, BGE, E5"
    proof = "golden"
    classes: ClassVar[Names] = ("BertModel", "BertForMaskedLM", "CamembertModel", "BertForSequenceClassification")
    arch = "bert"
    prefixes: ClassVar[Names] = ("bert.",)

    def rename(self, name: str) -> str | None:
        for prefix in self.prefixes:
            name = name.removeprefix(prefix)
        if name.endswith(".gamma"):
            name = f"{name.removesuffix('.gamma')}.weight"
        if name.endswith(".beta"):
            name = f"{name.removesuffix('.beta')}.bias"
        if name in _UNUSED or name.startswith(_HEADS):
            return None
        return super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if self._labels() and name in ("classifier.weight", "classifier.bias"):
            name = name.replace("classifier.", "classifier.out_proj.")
        yield from super().change(name, tensor, block)

    def _labels(self) -> list[Any]:
        """Names of classes. transformers gives every model LABEL_0 and LABEL_1 and does not save them: they are real
        where the output has two rows, which the reference takes for another layer."""
        labels = self.config.get("id2label")
        named = sorted(labels.items(), key=lambda item: int(item[0])) if isinstance(labels, dict) else []
        if named and not (len(named) == 2 and named[0][1] == "LABEL_0"):
            return [value for _, value in named]
        outputs = [self.model.tensors[name].shape[:1] for name in _OUTPUTS if name in self.model.tensors]
        return ["LABEL_0", "LABEL_1"] if (2,) in outputs else []

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_causal_attention(False)
        write_pooling(self.model, keys)
        if labels := self._labels():
            keys.add_classifier_output_labels([str(label) for label in labels])

    def write_vocabulary(self, keys: Keys) -> None:
        write_wordpiece(self.model, keys)


class DistilBert(Bert):
    title = "DistilBERT"
    proof = "reference"
    classes: ClassVar[Names] = ("DistilBertModel", "DistilBertForMaskedLM", "DistilBertForSequenceClassification")
    prefixes: ClassVar[Names] = ("distilbert.", "bert.")

    def rename(self, name: str) -> str | None:
        return None if name.removeprefix("distilbert.").startswith("vocab_") else super().rename(name)

    def write_parameters(self, keys: Keys) -> None:
        keys.add_layer_norm_eps(1e-12)
        super().write_parameters(keys)


class Roberta(Bert):
    """Positions begin after the padding token's number."""

    title = "RoBERTa"
    proof = "reference"
    classes: ClassVar[Names] = ("RobertaModel", "RobertaForSequenceClassification")
    prefixes: ClassVar[Names] = ("roberta.", "bert.")

    def prepare(self, config: Config) -> Config:
        positions = config.get("max_position_embeddings")
        return config if positions is None else config.with_values(max_position_embeddings=positions - _offset(config))

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if name == "embeddings.position_embeddings.weight":
            tensor = lazy.sliced(tensor, _offset(self.config), tensor.shape[0])
        yield from super().change(name, tensor, block)

    def write_vocabulary(self, keys: Keys) -> None:
        if "tokenizer.json" in self.model.files:
            write_bpe(self.model, keys, like="roberta")
            keys.add_token_type_count(self.config.get("type_vocab_size", 1))
        else:
            write_wordpiece(self.model, keys)


def _offset(config: Config) -> int:
    padding = config.get("pad_token_id")
    return 0 if padding is None else 1 + int(padding)


class XlmRoberta(Roberta):
    title = "XLM-RoBERTa, BGE-M3"
    proof = "reference"
    classes: ClassVar[Names] = ("XLMRobertaModel", "XLMRobertaForSequenceClassification")

    def write_vocabulary(self, keys: Keys) -> None:
        write_unigram(self.model, keys)


class NomicBert(Bert):
    """Rotary positions and gated layers; version 2 with experts and XLM-RoBERTa's vocabulary."""

    title = "Nomic Embed"
    proof = "reference"
    classes: ClassVar[Names] = ("NomicBertModel",)
    arch = "nomic-bert"

    def __init__(self, model: Model) -> None:
        if model.config.get("moe_every_n_layers"):
            self.arch = "nomic-bert-moe"
        tokenizer = model.json("tokenizer.json") or {}
        self._unigram = (tokenizer.get("model") or {}).get("type") == "Unigram"
        super().__init__(model)

    def prepare(self, config: Config) -> Config:
        """The context each version was trained on."""
        if self._unigram and "max_position_embeddings" in config:
            config = config.with_values(max_position_embeddings=config["max_position_embeddings"] - _offset(config))
        trained = config.get("max_trained_positions", 2048)
        positions = {(8192, 2048): 2048, (2048, 2048): 512}.get((config["n_positions"], trained))
        if positions is None:
            raise ValueError(f"n_positions {config['n_positions']} of {trained} trained")
        return config.with_values(n_positions=positions)

    def rename(self, name: str) -> str | None:
        return None if "mlp.experts.bias" in name else super().rename(name)

    def change(self, name: str, tensor: Lazy, block: int | None) -> Named:
        if "mlp.experts.mlp.w" in name:
            shape = (self.expert_count, int(self.config["n_inner"]), int(self.config["n_embd"]))
            stack = lazy.reshaped(tensor, shape)
            yield f"{name}.weight", lazy.transposed(stack) if "mlp.w2" in name else stack
        else:
            yield from super().change(name, tensor, block)

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        if self.arch == "nomic-bert-moe":
            keys.add_moe_every_n_layers(self.config["moe_every_n_layers"])
            keys.add_expert_used_count(self.config["moe_top_k"])

    def write_vocabulary(self, keys: Keys) -> None:
        if self._unigram:
            write_unigram(self.model, keys)
        else:
            write_wordpiece(self.model, keys)


class ModernBert(Bert):
    title = "ModernBERT"
    proof = "reference"
    classes: ClassVar[Names] = ("ModernBertModel", "ModernBertForMaskedLM", "ModernBertForSequenceClassification")
    arch = "modern-bert"

    def prepare(self, config: Config) -> Config:
        """llama.cpp wants the layers' epsilon, which newer files name for the norms only."""
        named = "layer_norm_eps" in config or "norm_eps" not in config
        return config if named else config.with_values(layer_norm_eps=config["norm_eps"])

    def rename(self, name: str) -> str | None:
        """The output of a masked language model has no place in llama.cpp, whose own converter stops at it."""
        return None if name.startswith("decoder.") else super().rename(name.removeprefix("model."))

    def write_parameters(self, keys: Keys) -> None:
        super().write_parameters(keys)
        keys.add_sliding_window(self.config["local_attention"])
        if (period := self.config.get("global_attn_every_n_layers")) is not None:
            keys.add_sliding_window_pattern(period)
        keys.add_rope_scaling_type(gguf.RopeScalingType.NONE)
        keys.add_vocab_size(self.config["vocab_size"])
        if activation := self.config.get("hidden_activation"):
            keys.add_string(f"{self.arch}.hidden_activation", activation)

    def write_vocabulary(self, keys: Keys) -> None:
        keys.add_add_bos_token(True)
        keys.add_add_eos_token(True)
        keys.add_add_sep_token(True)
        write_bpe(self.model, keys)


FAMILIES = (Bert, DistilBert, Roberta, XlmRoberta, NomicBert, ModernBert)
