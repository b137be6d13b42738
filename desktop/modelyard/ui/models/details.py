"""What is known about an installed model: facts, its role, its template, its licence."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from ...engines.base import ModelDetails
from ..context import Context
from ..design.tokens import Space
from ..figures import pages, parameter_count
from ..widgets.buttons import button
from ..widgets.facts import Facts
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage, column, row
from .listing import shown_name


class DetailsDialog(QDialog):
    def __init__(self, context: Context, details: ModelDetails, parent: QWidget) -> None:
        super().__init__(parent)
        words, model = context.words, details.model
        self.setWindowTitle(shown_name(model))
        self.resize(640, 560)
        scroll = ScrollPage()
        body = scroll.body
        body.addWidget(Text(shown_name(model), "title", selectable=True))
        tokens = model.context_length
        body.addWidget(
            Facts(
                {
                    self.tr("Technical name"): model.name,
                    self.tr("Family"): model.architecture,
                    self.tr("Parameters"): parameter_count(model.parameters),
                    self.tr("Size & quality"): model.size_label,
                    self.tr("On disk"): words.amount(model.size_bytes),
                    self.tr("Conversation memory"): pages(words, tokens),
                    self.tr("Context length"): self.tr("{n} tokens").format(n=tokens) if tokens else "",
                    self.tr("Can do"): ", ".join(model.capabilities),
                    self.tr("Where"): str(model.location or ""),
                }
            )
        )
        metadata = "\n".join(f"{key} = {str(value)[:300]}" for key, value in details.metadata.items())
        for name, text in (
            (self.tr("Role and rules"), details.persona.system),
            (self.tr("Chat template"), details.chat_template),
            (self.tr("Licence"), details.licence),
            (self.tr("Metadata"), metadata),
        ):
            if text:
                body.addWidget(Fold(context.icons, name, _box(name, text)))
        body.addStretch(1)
        close = button(self.tr("Close"), self.accept, "primary")
        buttons = row(None, close)
        buttons.setContentsMargins(Space.XL, 0, Space.XL, Space.L)
        self.setLayout(column(scroll, buttons, spacing=0))


def _box(name: str, text: str) -> QPlainTextEdit:
    box = QPlainTextEdit(text[:200_000])
    box.setObjectName("details")
    box.setReadOnly(True)
    box.setTabChangesFocus(True)
    box.setAccessibleName(name)
    box.setFixedHeight(160)
    return box
