"""Looking at what was given, in a worker process: reading headers of anything, however odd, never slows the window."""

from __future__ import annotations

from dataclasses import replace

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...importing.inspection import Inspection
from ...importing.sources import AdapterFolder, HubRepo
from ...importing.wire import from_json, to_json
from ..services import Services
from ..working import run_worker


def look_at(services: Services, text: str, token: CancelToken, base: str = "") -> Inspection:
    """base: where to take an add-on's base model from, instead of what it names. Blocks. Raises the coded errors of
    understanding and inspecting, WORKER_DIED, Cancelled."""
    source = services.parse(text)
    if base and isinstance(source, AdapterFolder | HubRepo):
        source = replace(source, base=base)
    result = run_worker(services, {"job": "inspect", "source": to_json(source)}, token)
    try:
        return from_json(Inspection, result["inspection"])
    except (ValueError, KeyError) as error:
        raise ModelyardError(Code.WORKER_DIED, detail=str(error)) from error
