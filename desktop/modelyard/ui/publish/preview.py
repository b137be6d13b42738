"""What the publish page must know before anything is sent: whose key it is, what would go up. Blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engines.base import InstalledModel
from ...errors import ModelyardError
from ...events import CancelToken
from ..services import Services

if TYPE_CHECKING:
    from ...hub.values import Account


@dataclass(frozen=True)
class Preview:
    """`files`: names and sizes in bytes. `account` is None where `problem` says why nothing can be published."""

    files: tuple[tuple[str, int], ...]
    account: Account | None
    problem: ModelyardError | None = None

    @property
    def total(self) -> int:
        return sum(size for _, size in self.files)


def look(services: Services, model: InstalledModel, token: CancelToken) -> Preview:
    """Raises ENGINE_MODEL_MISSING, FILE_MISSING (the engine's files cannot be read by us), GGUF_*."""
    from ...importing.publishing import weight_files

    named = weight_files(services.engines()[model.engine].show(model.name))
    files = tuple((each.name, each.size_bytes) for each in named)
    try:
        return Preview(files, services.publisher(token))
    except ModelyardError as problem:
        return Preview(files, None, problem)
