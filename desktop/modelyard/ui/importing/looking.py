"""Looking at what was given, in a worker process: reading headers of anything, however odd, never slows the window."""

from __future__ import annotations

from ...errors import Cancelled, Code, ModelyardError
from ...events import CancelToken, Event, Kind, error_of
from ...importing.inspection import Inspection
from ...importing.wire import from_json, to_json
from ..services import Services


def look_at(services: Services, text: str, token: CancelToken) -> Inspection:
    """Blocks. Raises the coded errors of understanding and inspecting, WORKER_DIED, Cancelled."""
    record = {"job": "inspect", "source": to_json(services.parse(text))}
    token.check()
    try:
        worker = services.start_worker(record)
    except OSError as error:
        raise ModelyardError(Code.WORKER_DIED, detail=str(error)) from error
    token.on_cancel(lambda: worker.send({"cancel": True}))
    try:
        for message in worker.messages():
            event = Event.from_json(message)
            match event.kind:
                case Kind.DONE:
                    return from_json(Inspection, event.fields["result"]["inspection"])
                case Kind.FAILED:
                    raise error_of(event)
                case Kind.CANCELLED:
                    raise Cancelled
    except (ValueError, KeyError) as error:
        raise ModelyardError(Code.WORKER_DIED, detail=str(error)) from error
    finally:
        worker.end()
    token.check()
    raise ModelyardError(Code.WORKER_DIED, detail=worker.tail[-2000:])
