"""The head of the check card: what this is, whether it works, licence, risks, technical details folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ...importing.inspection import Inspection
from ...importing.sources import shown
from ..context import Context
from ..design.tokens import Space
from ..figures import joined, pages, parameter_count
from ..widgets.cards import Card, Notice
from ..widgets.facts import Facts
from ..widgets.fold import Fold
from ..widgets.labels import ElidedText, Pill, Text
from ..widgets.layout import column, row


class ModelCard(QWidget):
    def __init__(self, context: Context, inspection: Inspection) -> None:
        super().__init__()
        words = context.words
        works = inspection.refusal is None
        state = Pill(self.tr("Works") if works else self.tr("Not yet"), "good" if works else "bad")
        title = Text(inspection.title or shown(inspection.source), "title", selectable=True)
        head = row(title, state, spacing=Space.M)
        head.setStretch(0, 1)
        head.setAlignment(state, Qt.AlignmentFlag.AlignTop)
        line = joined(
            inspection.family or inspection.architecture,
            parameter_count(inspection.parameters),
            inspection.stored_as,
            words.amount(inspection.source_bytes) if inspection.source_bytes else "",
        )
        card = Card(head, Text(line, "muted"), spacing=Space.S)
        card.body.addWidget(ElidedText(shown(inspection.source), "caption"))
        memory = pages(words, inspection.context_length)
        place = words.label("base_places", inspection.base_place or "missing")
        addon = inspection.form == "adapter"
        rows = {
            self.tr("Merged into"): joined(inspection.base_model, place) if addon else "",
            self.tr("Conversation memory"): memory,
            self.tr("Licence"): inspection.licence or self.tr("not stated"),
            self.tr("Sees pictures"): self.tr("yes") if inspection.vision else "",
            self.tr("Terms"): self.tr("The author asks you to accept terms first") if inspection.gated else "",
        }
        card.body.addSpacing(Space.XS)
        card.body.addWidget(Facts(rows))
        details = self._details(inspection)
        if details:
            card.body.addWidget(Fold(context.icons, self.tr("Details"), Facts(details)))
        body = column(card, spacing=Space.S)
        for note in (*inspection.risks, *inspection.warnings):
            body.addWidget(Notice(context.icons, words.warning(note.code, note.fields)))
        self.setLayout(body)

    def _details(self, inspection: Inspection) -> dict[str, str]:
        tokens = inspection.context_length
        return {
            self.tr("Architecture"): inspection.architecture,
            self.tr("Tokenizer"): inspection.tokenizer,
            self.tr("Context length"): self.tr("{n} tokens").format(n=tokens) if tokens else "",
            self.tr("Chat template"): self.tr("present") if inspection.chat_template else self.tr("none"),
            self.tr("Picture reader"): inspection.projector,
            self.tr("Made from"): "" if inspection.form == "adapter" else inspection.base_model,
            **inspection.details,
        }
