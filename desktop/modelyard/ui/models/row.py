"""One installed model as a card with what one does with it."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Signal

from ...engines.base import InstalledModel
from ..context import Context
from ..design.tokens import Space
from ..figures import joined, parameter_count
from ..widgets.buttons import button, icon_button
from ..widgets.cards import Card
from ..widgets.labels import ElidedText, Pill
from ..widgets.layout import column, row
from .listing import can_chat, shown_name


class ModelRow(Card):
    """Signals: details(InstalledModel), remove(InstalledModel)."""

    details = Signal(object)
    remove = Signal(object)

    def __init__(self, context: Context, model: InstalledModel) -> None:
        super().__init__()
        words, routes = context.words, context.routes
        name = shown_name(model)
        self.setAccessibleName(name)
        engine = {"builtin": self.tr("Built-in"), "ollama": self.tr("Ollama")}.get(model.engine, model.engine)
        size = words.size(model.size_label)[0] if model.size_label else ""
        when = QDateTime.fromSecsSinceEpoch(int(model.modified)) if model.modified else None
        what = joined(
            size,
            model.size_label if size != model.size_label else "",
            parameter_count(model.parameters),
            words.amount(model.size_bytes),
        )
        which = joined(
            model.name if model.name != name else "",
            model.architecture,
            QLocale().toString(when, QLocale.FormatType.ShortFormat) if when else "",
        )
        head = row(ElidedText(name, "heading"), Pill(engine, "neutral"), spacing=Space.M)
        head.setStretch(0, 1)
        texts = column(head, ElidedText(what, "muted"), ElidedText(which, "caption"), spacing=Space.XS)
        line_layout = row(texts, spacing=Space.M)
        line_layout.setStretch(0, 1)
        if can_chat(model):
            chat = button(self.tr("Chat"), lambda: routes.chat_with.emit(model.engine, model.name))
            chat.setAccessibleName(self.tr("Chat with {name}").format(name=name))
            line_layout.addWidget(chat)
        about = self.tr("Details of {name}").format(name=name)
        line_layout.addWidget(icon_button(context.icons, "info", about, lambda: self.details.emit(model)))
        away = self.tr("Remove {name}").format(name=name)
        line_layout.addWidget(icon_button(context.icons, "trash", away, lambda: self.remove.emit(model)))
        self.body.addLayout(line_layout)
