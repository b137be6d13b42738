"""Whose access key it is, and what it may do."""

from __future__ import annotations

from typing import Any

from ..errors import Code, ModelyardError
from ..events import CancelToken
from .session import Session
from .values import Account

_NAMES = {"fineGrained": "fine-grained"}


def whoami(session: Session, cancel: CancelToken | None = None) -> Account:
    """Asks the endpoint. Raises HUB_NO_KEY, HUB_KEY_INVALID, HUB_KEY_NOT_SENT, HUB_*."""
    if session.credentials.key is None:
        raise ModelyardError(Code.HUB_NO_KEY, host=session.endpoint.host)
    answer = session.get_json("/api/whoami-v2", session.subject(), cancel=cancel)
    if not isinstance(answer, dict) or not isinstance(answer.get("name"), str):
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=session.endpoint.host, detail="no account name")
    name = answer["name"][:200]
    token = _table(_table(answer.get("auth")).get("accessToken"))
    role = str(token.get("role", "read"))
    organizations = [_table(entry) for entry in _rows(answer.get("orgs"))]
    names = tuple(str(entry["name"])[:200] for entry in organizations if isinstance(entry.get("name"), str))
    writes: tuple[str, ...] = ()
    reads_gated = True
    if role == "write":
        readers = {entry.get("name") for entry in organizations if entry.get("roleInOrg") in ("read", "contributor")}
        writes = (name, *(each for each in names if each not in readers))
    elif role == "fineGrained":
        fine = _table(token.get("fineGrained"))
        reads_gated = fine.get("canReadGatedRepos") is True
        writes = _writable(fine)
    return Account(
        name, _NAMES.get(role, role[:40]), str(token.get("displayName", ""))[:200], names, writes, reads_gated
    )


def _writable(fine: dict[str, Any]) -> tuple[str, ...]:
    """Accounts a fine-grained key may write to."""
    names: list[str] = []
    for scope in map(_table, _rows(fine.get("scoped"))):
        entity = _table(scope.get("entity"))
        if "repo.write" in _rows(scope.get("permissions")) and entity.get("type") in ("user", "org"):
            names.append(str(entity.get("name", ""))[:200])
    return tuple(names)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[Any]:
    return value[:1000] if isinstance(value, list) else []
