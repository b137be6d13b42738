"""From the server's refusals to coded errors. Rules: huggingface_hub's `hf_raise_for_status` and the sentences the Hub
sends in X-Error-Message (read in public issue threads)."""

from __future__ import annotations

import email.utils
import re
import time
from dataclasses import dataclass

import httpx

from ..errors import Code, ModelyardError
from .endpoints import Endpoint

_WAIT_LIMIT = 3600.0
_USUAL_WAIT = 30.0
_RESET = re.compile(r"(?:^|;)\s*t=(\d+)")


@dataclass(frozen=True)
class Subject:
    """What was asked for, for the message. `key_known`: a key is at hand; `key_sent`: it went along."""

    endpoint: Endpoint
    name: str = ""
    revision: str = ""
    file: str = ""
    key_known: bool = False
    key_sent: bool = False


def check_answer(response: httpx.Response, subject: Subject) -> None:
    """Raises the coded error of an unsuccessful answer; returns for 2xx. Does not read the body."""
    if not response.is_success:
        raise fault_of(response, subject)


def fault_of(response: httpx.Response, subject: Subject) -> ModelyardError:
    status = response.status_code
    code = response.headers.get("X-Error-Code", "")
    message = response.headers.get("X-Error-Message", "")[:300]
    page = subject.endpoint.page(subject.name) if subject.name else subject.endpoint.pages
    if status == 429:
        limited = Code.HUB_RATE_LIMITED if subject.key_sent else Code.HUB_RATE_LIMITED_NO_KEY
        asked = retry_after(response)
        wait = _USUAL_WAIT if asked is None else asked
        return ModelyardError(limited, host=subject.endpoint.host, wait_seconds=round(wait))
    if status >= 500:
        return ModelyardError(Code.HUB_SERVER_ERROR, host=subject.endpoint.host, status=status)
    if status == 401 and "invalid credentials" in message.lower():
        return ModelyardError(Code.HUB_KEY_INVALID, host=subject.endpoint.host)
    if status == 401 and subject.key_known and not subject.key_sent:
        return ModelyardError(Code.HUB_KEY_NOT_SENT, name=subject.name, host=subject.endpoint.host)
    if status == 401 and not subject.name:
        return ModelyardError(Code.HUB_KEY_INVALID if subject.key_sent else Code.HUB_NO_KEY, host=subject.endpoint.host)
    if code == "GatedRepo" or (status == 403 and "gated" in message.lower()):
        return _gated(status, message, subject, page)
    if status == 403 and _lacks_right(message):
        return ModelyardError(
            Code.HUB_GATED_KEY_LACKS_RIGHT, name=subject.name or subject.endpoint.host, url=subject.endpoint.keys_page
        )
    if code == "RevisionNotFound":
        return ModelyardError(Code.HUB_REVISION_MISSING, name=subject.name, revision=subject.revision)
    if code == "EntryNotFound":
        return ModelyardError(Code.HUB_FILE_MISSING, name=subject.name, file=subject.file)
    if status in (401, 404, 410):
        missing = Code.HUB_REPO_MISSING if subject.key_sent else Code.HUB_REPO_MISSING_NO_KEY
        return ModelyardError(missing, name=subject.name)
    if status in (403, 451):
        return ModelyardError(Code.HUB_FORBIDDEN, name=subject.name, detail=message, url=page)
    return ModelyardError(Code.HUB_ANSWER_INVALID, host=subject.endpoint.host, detail=f"HTTP {status}")


def _gated(status: int, message: str, subject: Subject, page: str) -> ModelyardError:
    if status == 401 or not subject.key_sent:
        return ModelyardError(Code.HUB_GATED_NO_KEY, name=subject.name, url=page)
    said = message.lower()
    if _lacks_right(message):
        url = subject.endpoint.keys_page
        return ModelyardError(Code.HUB_GATED_KEY_LACKS_RIGHT, name=subject.name, url=url)
    if "awaiting" in said or "pending" in said:
        return ModelyardError(Code.HUB_GATED_PENDING, name=subject.name, url=page)
    if "rejected" in said:
        return ModelyardError(Code.HUB_GATED_REJECTED, name=subject.name, url=page)
    return ModelyardError(Code.HUB_GATED_TERMS, name=subject.name, url=page)


def _lacks_right(message: str) -> bool:
    """The sentence about a fine-grained key without the right to read public gated repositories."""
    return "fine-grained" in message.lower() or "token settings" in message.lower()


def retry_after(response: httpx.Response) -> float | None:
    """Seconds from Retry-After (a number or a date) or, at a 429, from the Hub's RateLimit header ("…;t=<seconds>"); at
    most an hour; None if absent or nonsense."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return min(float(value), _WAIT_LIMIT)
    parsed = email.utils.parsedate_tz(value)
    if parsed is not None:
        return min(max(0.0, email.utils.mktime_tz(parsed) - time.time()), _WAIT_LIMIT)
    reset = _RESET.search(response.headers.get("RateLimit", "")) if response.status_code == 429 else None
    return min(float(reset[1]), _WAIT_LIMIT) if reset else None
