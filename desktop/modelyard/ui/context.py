"""What every page is built with: services, look, words of the chosen language, and the way to other pages."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ModelyardError
from ..words.catalogue import Catalogue
from .chat.answers import Answers
from .design.icons import Icons
from .design.theme import Theme
from .jobs import Jobs
from .routes import Routes
from .services import Services
from .widgets.error_panel import ErrorPanel


@dataclass(frozen=True)
class Context:
    services: Services
    theme: Theme
    words: Catalogue
    routes: Routes
    jobs: Jobs
    answers: Answers

    @property
    def icons(self) -> Icons:
        return self.theme.icons

    def error_panel(self, error: ModelyardError) -> ErrorPanel:
        return ErrorPanel(self.icons, self.words.error(error), self.services.redact)
