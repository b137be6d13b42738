"""Is a download source there, and how fast is it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import Code, ModelyardError
from .endpoints import Endpoint
from .network import Network
from .session import Session

_SAMPLE = "/openai-community/gpt2/resolve/main/tokenizer.json"  # 1.3 MB, on every full mirror
_SAMPLE_BYTES = 1 << 20
_SAMPLE_SECONDS = 4.0


@dataclass(frozen=True)
class EndpointReport:
    """`answer_seconds` for the first answer; `bytes_per_second` of a small sample, None if the source has no sample.
    `fault` set: not usable, and why."""

    endpoint: Endpoint
    answer_seconds: float = 0.0
    bytes_per_second: float | None = None
    fault: ModelyardError | None = None

    @property
    def reachable(self) -> bool:
        return self.fault is None


def probe(endpoint: Endpoint, network: Network) -> EndpointReport:
    """Asks without any key; takes a few seconds at most beyond the network's own limits. Never raises."""
    with Session(endpoint, network=network) as session:
        began = time.monotonic()
        try:
            found = session.get_json("/api/models?limit=1", session.subject())
            if not isinstance(found, list):
                raise ModelyardError(Code.HUB_ANSWER_INVALID, host=endpoint.host, detail="no list of models")
            seconds = time.monotonic() - began
            return EndpointReport(endpoint, seconds, _speed(session))
        except ModelyardError as error:
            return EndpointReport(endpoint, fault=error)


def probe_all(endpoints: Iterable[Endpoint], network: Network) -> list[EndpointReport]:
    """All at once; the fastest first, unreachable ones last."""
    asked = list(endpoints)
    with ThreadPoolExecutor(max_workers=max(1, len(asked)), thread_name_prefix="hub-probe") as pool:
        reports = list(pool.map(lambda endpoint: probe(endpoint, network), asked))
    return sorted(reports, key=lambda each: (not each.reachable, -(each.bytes_per_second or 0), each.answer_seconds))


def _speed(session: Session) -> float | None:
    received, began = 0, time.monotonic()
    headers = {"Range": f"bytes=0-{_SAMPLE_BYTES - 1}"}
    with session.follow(session.url(_SAMPLE), headers=headers) as response:
        if not response.is_success:
            return None
        for chunk in response.iter_raw():
            received += len(chunk)
            if received >= _SAMPLE_BYTES or time.monotonic() - began > _SAMPLE_SECONDS:
                break
    return received / max(1e-6, time.monotonic() - began)
