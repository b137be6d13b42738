"""Whose access key it is, and what it may do."""

from __future__ import annotations

from typing import Any

from ..errors import Code, ModelyardError
from ..events import CancelToken
from .session import Session
from .untrusted import rows, table, text
from .values import Account

_NAMES = {"fineGrained": "fine-grained"}


def whoami(session: Session, cancel: CancelToken | None = None) -> Account:
    """Asks the endpoint. Raises HUB_NO_KEY, HUB_KEY_INVALID, HUB_KEY_NOT_SENT, HUB_*."""
    if session.credentials.key is None:
        raise ModelyardError(Code.HUB_NO_KEY, host=session.endpoint.host)
    answer = session.get_json("/api/whoami-v2", session.subject(), cancel=cancel)
    name = text(table(answer).get("name"))
    if not name:
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=session.endpoint.host, detail="no account name")
    token = table(table(answer.get("auth")).get("accessToken"))
    role = text(token.get("role")) or "read"
    organizations = [table(entry) for entry in rows(answer.get("orgs"))]
    names = tuple(each for entry in organizations if (each := text(entry.get("name"))))
    writes: tuple[str, ...] = ()
    reads_gated = True
    if role == "write":
        readers = {entry.get("name") for entry in organizations if entry.get("roleInOrg") in ("read", "contributor")}
        writes = (name, *(each for each in names if each not in readers))
    elif role == "fineGrained":
        fine = table(token.get("fineGrained"))
        reads_gated = fine.get("canReadGatedRepos") is True
        writes = _writable(fine)
    return Account(name, _NAMES.get(role, role), writes, reads_gated)


def _writable(fine: dict[str, Any]) -> tuple[str, ...]:
    """Accounts a fine-grained key may write to."""
    names: list[str] = []
    for scope in map(table, rows(fine.get("scoped"))):
        entity = table(scope.get("entity"))
        if "repo.write" in rows(scope.get("permissions")) and entity.get("type") in ("user", "org"):
            names.append(text(entity.get("name")))
    return tuple(names)
