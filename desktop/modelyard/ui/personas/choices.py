"""The personas there are: one's own, those of the installed models, and starters. For the gallery and for every list
one can choose a persona from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ...engines.base import InstalledModel
from ...modelfile.persona import Persona
from ...modelfile.store import PersonaStore
from ..models.listing import Listing, can_chat, list_models, shown_name
from ..services import Services
from .applying import Target, Targets
from .draft import Draft, draft_of


class Kind(StrEnum):
    OWN = "own"
    MODEL = "model"
    STARTER = "starter"


@dataclass(frozen=True)
class PersonaChoice:
    """`line`: one line about it. `draft`: what the editor opens; for a model its persona is read when it is opened."""

    kind: Kind
    title: str
    line: str
    draft: Draft

    @property
    def persona(self) -> Persona:
        return self.draft.persona


def own_and_starters(services: Services, language: str) -> list[PersonaChoice]:
    """What can be given to any model. Blocks."""
    store = PersonaStore(services.folders.personas)
    targets = Targets(store.root)
    found = []
    for stored in store.personas():
        draft = draft_of(stored, targets)
        found.append(PersonaChoice(Kind.OWN, stored.persona.name or stored.id, first_line(stored.persona), draft))
    for starter in services.starters(language):
        persona = replace(starter.persona, name=starter.persona.name or starter.title)
        found.append(PersonaChoice(Kind.STARTER, starter.title, starter.line, Draft(persona)))
    return found


def of_models(listing: Listing) -> list[PersonaChoice]:
    return [_of_model(model) for model in listing.models if can_chat(model) and not model.remote]


def _of_model(model: InstalledModel) -> PersonaChoice:
    draft = Draft(Persona(), target=Target(model.engine, model.name))
    return PersonaChoice(Kind.MODEL, shown_name(model), model.name, draft)


def all_choices(services: Services, language: str) -> tuple[list[PersonaChoice], Listing]:
    """Everything the gallery shows, and the models. Blocks."""
    listing = list_models(services.engines())
    return [*own_and_starters(services, language), *of_models(listing)], listing


def first_line(persona: Persona) -> str:
    """What a persona says of itself, shortened."""
    line = " ".join(persona.system.split())
    return line if len(line) <= 90 else f"{line[:88].rstrip()} …"
