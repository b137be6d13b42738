"""Personas: the starters one can give a model at its import."""

from __future__ import annotations

from ..context import Context
from ..design.tokens import Space
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import Card, EmptyState
from ..widgets.fold import Fold
from ..widgets.labels import Text
from ..widgets.layout import ScrollPage


class PersonasView(Page):
    def __init__(self, context: Context) -> None:
        scroll = ScrollPage()
        routes = context.routes
        start = button(self.tr("Import a model"), lambda: routes.import_text.emit(""), "primary")
        super().__init__(
            context,
            self.tr("Personas"),
            self.tr("Who a model is and how it answers. Choose one when you import a model."),
            scroll,
        )
        starters = context.services.starters(context.words.language)
        if not starters:
            empty = EmptyState(
                context.icons,
                "personas",
                self.tr("No personas yet"),
                self.tr("A persona gives a model a name, a role and rules."),
                start,
            )
            self.states.addWidget(empty)
            self.states.setCurrentWidget(empty)
            return
        for starter in starters:
            card = Card(Text(starter.title, "heading"), Text(starter.line, "muted"), spacing=Space.XS)
            role = Text(starter.persona.system, "body", selectable=True)
            card.body.addWidget(Fold(context.icons, self.tr("Role and rules"), role))
            scroll.body.addWidget(card)
        scroll.body.addStretch(1)
