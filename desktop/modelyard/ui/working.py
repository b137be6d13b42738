"""One job in a worker process, followed to its end: for pages that show a job of their own outside the queue of
imports. Called from a thread of `in_background`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Cancelled, Code, ModelyardError
from ..events import CancelToken, Event, Kind, error_of
from .services import Services


def run_worker(
    services: Services,
    record: Mapping[str, Any],
    token: CancelToken,
    listener: Callable[[Event], object] = lambda _event: None,
) -> Mapping[str, Any]:
    """The fields of the job's result. `listener` gets every event before the last, on this thread. Blocks.

    Raises the job's own coded error, WORKER_DIED, Cancelled."""
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
                    return dict(event.fields["result"])
                case Kind.FAILED:
                    raise error_of(event)
                case Kind.CANCELLED:
                    raise Cancelled
                case _:
                    listener(event)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelyardError(Code.WORKER_DIED, detail=str(error)) from error
    finally:
        worker.end()
    token.check()
    raise ModelyardError(Code.WORKER_DIED, detail=worker.tail[-2000:])
