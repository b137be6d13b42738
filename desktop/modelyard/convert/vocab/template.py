"""Reads from tokenizer.json's post-processor whether BOS, EOS and SEP are put around a text
(gguf-py/gguf/vocab.py of llama.cpp b11434). Only simple templates can be understood; so does the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TemplateRule:
    """After `read`: `add` by token type, and `types` grown by "eot"/"eom" when the template's last token takes the
    place of EOS. Names found in the template are written into `settings` (tokenizer_config.json), as the reference
    does, so that their ids are looked up later."""

    def __init__(self, settings: dict[str, Any] | None, types: tuple[str, ...]) -> None:
        self.add: dict[str, bool] = {}
        self.types = types
        self._settings = settings
        self._bos, self._cls, self._eos, self._sep = (
            (settings or {}).get(f"{kind}_token") for kind in ("bos", "cls", "eos", "sep")
        )
        if not self._bos and self._cls:
            self._bos = self._name("bos", self._cls)
        if not self._eos and self._sep:
            self._eos = self._name("eos", self._sep)

    def read(self, post_processor: Any) -> None:
        if not isinstance(post_processor, dict):
            return
        for processor in post_processor.get("processors", [post_processor]):
            match processor.get("type"):
                case "ByteLevel":
                    self.add.setdefault("bos", False)
                    self.add.setdefault("eos", False)
                case "RobertaProcessing":
                    self._roberta(processor)
                case "TemplateProcessing":
                    self._template(processor.get("single") or [], processor.get("pair") or [])

    def _name(self, kind: str, value: Any) -> Any:
        if self._settings is not None:
            self._settings[f"{kind}_token"] = value
        return value

    def _roberta(self, processor: Mapping[str, Any]) -> None:
        self.add.update(bos=True, eos=True, sep=True)
        if self._settings is None:
            return
        if not self._cls:
            self._cls = self._name("cls", processor.get("cls", [self._bos])[0])
        if not self._sep:
            self._sep = self._name("sep", processor.get("sep", [self._eos])[0])

    def _template(self, single: list[dict[str, Any]], pair: list[dict[str, Any]]) -> None:
        first = last = None
        if len(single) > 1:
            first, last = _special(single[0]), _special(single[-1])
            if first:
                self._first(first)
            if last:
                self._last(last)
        if pair:
            self._pair(pair, first, last)

    def _first(self, token: str) -> None:
        if self._settings is None:
            self._bos = token
        elif token not in (self._bos, self._cls):
            self._bos = self._bos or self._name("bos", token)
            self._cls = self._cls or self._name("cls", token)
        self.add["bos"] = token in (self._bos, self._cls)

    def _last(self, token: str) -> None:
        if self._settings is not None and token != self._eos:
            spare = next((kind for kind in ("eot", "eom") if kind not in self.types), None)
            if spare is not None:
                self.types = (*self.types, spare)
                self._name(spare, self._eos)
            self._name("eos", token)
        if self._settings is None or token != self._eos:
            self._eos = token
        self.add["eos"] = True

    def _pair(self, pair: list[dict[str, Any]], first: str | None, last: str | None) -> None:
        """[BOS] A [SEP [EOS]] B [EOS]: is a separator put between two texts?"""
        start = 1 if first and _special(pair[0]) == first else 0
        stop = len(pair) - 1 if last and _special(pair[-1]) == last else len(pair)
        inner = pair[start:stop]
        if not inner or _sequence(inner[0]) != "A" or _sequence(inner[-1]) != "B":
            return
        middle = inner[1:-1]
        if not middle:
            return
        ends = (self._sep, self._eos)
        token = _special(middle[0])
        add = bool(token) and token in ends and not last
        if len(middle) == 2 and (second := _special(middle[1])):
            add = add or second in ends
        self.add["sep"] = add
        if add and not self._sep:
            self._name("sep", self._eos)


def _special(piece: Mapping[str, Any]) -> Any:
    return (piece.get("SpecialToken") or {}).get("id")


def _sequence(piece: Mapping[str, Any]) -> Any:
    return (piece.get("Sequence") or {}).get("id")
