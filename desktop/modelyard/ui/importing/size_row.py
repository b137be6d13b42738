"""One size on offer: its plain name, what it means, and the sum whether it fits this computer."""

from __future__ import annotations

from PySide6.QtCore import Qt

from ...importing.inspection import Fit, SizeOption
from ...words.catalogue import Catalogue
from ..design.tokens import Space
from ..figures import joined
from ..widgets.buttons import LayoutButton
from ..widgets.labels import Pill, Text
from ..widgets.layout import column, row

TONES = {Fit.FITS: "good", Fit.SLOW: "warn", Fit.WONT_FIT: "bad"}


class SizeRow(LayoutButton):
    """A checkable row. The group it stands in makes it exclusive."""

    def __init__(self, words: Catalogue, option: SizeOption, technical: str) -> None:
        """`technical`: the name experts know the size by."""
        title, sentence = words.size(option.size)
        super().__init__("choice", title)
        self.option = option
        self.setCheckable(True)
        self._words = words
        name = row(Text(title, "strong", wrap=False), Text(technical, "caption", wrap=False), spacing=Space.S)
        name.addStretch(1)
        name.addWidget(Pill(words.label("fits", option.fit.value), TONES[option.fit]))
        facts = joined(
            self.tr("{size} on disk").format(size=words.amount(option.disk_bytes)),
            self.tr("{size} to download").format(size=words.amount(option.download_bytes))
            if option.download_bytes
            else "",
            self.tr("about {time} to prepare").format(time=words.duration(option.seconds))
            if option.seconds >= 1
            else "",
        )
        face = column(name, spacing=Space.XS, margin=Space.M)
        meaning = row(Text(sentence, "muted"), spacing=Space.S)
        meaning.setStretch(0, 1)
        if option.recommended:
            meaning.addWidget(Pill(self.tr("Recommended for this computer"), "accent"), 0, Qt.AlignmentFlag.AlignTop)
        if sentence or option.recommended:
            face.addLayout(meaning)
        face.addWidget(Text(facts, "caption"))
        face.addWidget(Text(self._memory(), "caption"))
        self.setLayout(face)
        self.setAccessibleDescription(joined(words.label("fits", option.fit.value), facts, self._memory()))
        self.let_mouse_through()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _memory(self) -> str:
        memory = self.option.memory
        if not memory.total:
            return ""
        amount = self._words.amount
        return self.tr(
            "Memory when it runs: {total} = model {weights} + conversation {talk} + working space {rest}"
        ).format(
            total=amount(memory.total),
            weights=amount(memory.weights),
            talk=amount(memory.conversation),
            rest=amount(memory.overhead),
        )
