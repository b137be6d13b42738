"""What the editor opens: a persona from wherever it came, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...modelfile.persona import Persona
from ...modelfile.store import PersonaStore, StoredPersona
from ...modelfile.writing import write_persona
from .applying import Target, Targets


@dataclass(frozen=True)
class Draft:
    """`id`: among the stored personas, "" for a new one. `text`: the Modelfile as a person wrote it. `fresh`: worth
    keeping even if nothing is changed (it was imported, or comes from a conversation)."""

    persona: Persona
    text: str = ""
    id: str = ""
    target: Target | None = None
    fresh: bool = False

    @property
    def modelfile(self) -> str:
        return self.text or write_persona(self.persona).text


def draft_of(stored: StoredPersona, targets: Targets) -> Draft:
    """Blocks."""
    return Draft(stored.persona, stored.document.text, stored.id, targets.get(stored.id))


def keep(store: PersonaStore, draft: Draft) -> Draft:
    """Writes it. Blocks. Raises as PersonaStore.save."""
    stored = store.save(draft.persona, draft.id or None, draft.modelfile)
    targets = Targets(store.root)
    if draft.target is not None:
        targets.set(stored.id, draft.target)
    return replace(draft, id=stored.id, text=stored.document.text, fresh=False)


def throw_away(store: PersonaStore, id: str) -> None:
    """Blocks. Raises as PersonaStore.delete."""
    store.delete(id)
    Targets(store.root).set(id, None)
