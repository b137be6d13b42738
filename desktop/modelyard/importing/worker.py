"""The worker process: reads one job from its parent, does it, prints events as JSON lines, ends.

Job records: {"job": "inspect", "source": …}, {"job": "import", "plan": …} and {"job": "publish", "request": …}
(importing/wire.py). {"cancel": true}, or
the parent's end, stops the work.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ..errors import Cancelled, Code, ModelyardError
from ..events import CancelToken, Event, Kind, done, failed
from ..host.channel import Channel
from ..host.secrets import AccessKeys
from .inspecting import inspect
from .plan import ImportPlan
from .publishing import PublishRequest, publish_model
from .running import run_import
from .sources import Source
from .surroundings import Surroundings
from .wire import from_json, to_json

_SECONDS_BETWEEN = 0.1
_GRACE_SECONDS = 5.0


class ProgressGate:
    """Lets through ten progress events a second, always the last of a step, and everything else at once."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._last = 0.0
        self._held: Event | None = None

    def __call__(self, event: Event) -> None:
        if event.kind is not Kind.PROGRESS:
            self.flush()
            self._send(event.to_json())
            return
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN:
            self._last = now
            self._held = None
            self._send(event.to_json())
        else:
            self._held = event

    def flush(self) -> None:
        if self._held is not None:
            self._send(self._held.to_json())
            self._held = None


def main(make_surroundings: Callable[[], Surroundings], keys: AccessKeys) -> int:
    channel = Channel()
    record = channel.receive()
    if record is None:
        return 2
    keys.take_over(record.pop("keys", {}))
    cancel = CancelToken()

    def on_record(order: dict[str, Any]) -> None:
        if order.get("cancel"):
            cancel.cancel()

    def on_close() -> None:
        cancel.cancel()
        threading.Timer(_GRACE_SECONDS, os._exit, (3,)).start()  # nobody waits for us any more

    channel.watch(on_record, on_close)
    gate = ProgressGate(channel.send)
    gate(_outcome(record, make_surroundings, gate, cancel))
    return 0


def _outcome(
    record: Mapping[str, Any], make_surroundings: Callable[[], Surroundings], gate: ProgressGate, cancel: CancelToken
) -> Event:
    """Exactly one terminal event, whatever happens."""
    try:
        return done(_work(record, make_surroundings(), gate, cancel))
    except Cancelled:
        return Event(Kind.CANCELLED)
    except ModelyardError as error:
        return failed(error)
    except MemoryError:
        return failed(ModelyardError(Code.OUT_OF_MEMORY))
    except Exception as error:
        logging.getLogger(__name__).exception("a fault of ours")
        return failed(ModelyardError(Code.INTERNAL, detail=f"{type(error).__name__}: {error}"))


def _work(
    record: Mapping[str, Any], surroundings: Surroundings, gate: ProgressGate, cancel: CancelToken
) -> dict[str, Any]:
    match record.get("job"):
        case "inspect":
            source: Source = from_json(Source, record["source"])  # type: ignore[arg-type]  # a union is a fine kind
            return {"inspection": to_json(inspect(source, surroundings, cancel))}
        case "import":
            return run_import(from_json(ImportPlan, record["plan"]), surroundings, gate, cancel).fields()
        case "publish":
            request = from_json(PublishRequest, record["request"])
            return asdict(publish_model(request, surroundings, gate, cancel))
        case other:
            raise ModelyardError(Code.INTERNAL, detail=f"job {other!r}")
