"""Looking at a repository without fetching it: what it is, what is in it, who may read it, and single ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ..errors import Code, ModelyardError
from ..events import CancelToken
from .answers import check_answer
from .links import is_repository_id
from .remote_file import RemoteFile
from .session import Session
from .untrusted import digest, table, text, texts
from .values import RepoFile, RepoListing

SMALL_FILE_LIMIT = 64 << 20  # config, tokenizer and template files; the largest tokenizer.json seen is about 35 MB
_FILES_LIMIT = 100_000


def list_repository(
    session: Session, repository: str, revision: str = "main", cancel: CancelToken | None = None
) -> RepoListing:
    """The repository at `revision` (a branch, a tag or a commit), pinned to its commit. A renamed one is found under
    its new name. Reading the list of a gated repository needs no consent; `check_access` tells whether files can be
    read. Raises HUB_*."""
    subject = session.subject(repository, revision)
    path = f"/api/models/{quote(repository)}"
    if revision and revision != "main":
        path += f"/revision/{quote(revision, safe='')}"
    info = session.get_json(path + "?blobs=true", subject, cancel=cancel)
    host = session.endpoint.host
    if not isinstance(info, dict) or not isinstance(info.get("sha"), str):
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=host, detail="no commit in the answer")
    siblings = info.get("siblings")
    if not isinstance(siblings, list) or len(siblings) > _FILES_LIMIT:
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=host, detail="no list of files")
    name = text(info.get("id"))
    name = name if is_repository_id(name) else repository
    card = table(info.get("cardData"))
    tags = texts(info.get("tags"))
    return RepoListing(
        id=name,
        revision=info["sha"],
        files=tuple(file for entry in siblings if (file := _file(entry)) is not None),
        private=info.get("private") is True,
        gated=info["gated"] if info.get("gated") in ("auto", "manual") else "",
        licence=_licence(card, tags),
        licence_url=text(card.get("license_link")),
        tags=tags,
        base_models=_base_models(card, tags),
    )


def check_access(session: Session, repository: str, cancel: CancelToken | None = None) -> None:
    """Returns if the files may be read with the key at hand. Raises HUB_GATED_*, HUB_REPO_MISSING*, HUB_KEY_*: each
    with the page to open in field `url` where there is one. Ask again for a re-check."""
    if cancel is not None:
        cancel.check()
    with session.follow(session.url(f"/api/models/{quote(repository)}/auth-check")) as response:
        if response.status_code == 404 and "X-Error-Code" not in response.headers:
            return  # a mirror that does not know the question; fetching will tell
        check_answer(response, session.subject(repository))


def read_small(
    session: Session,
    listing: RepoListing,
    path: str,
    *,
    limit: int = SMALL_FILE_LIMIT,
    cancel: CancelToken | None = None,
) -> bytes:
    """A small file, whole and of the listed size. Raises HUB_FILE_MISSING, HUB_FILE_TOO_LARGE, HUB_*."""
    file = listing.file(path)
    subject = session.subject(listing.id, listing.revision, path)
    if file is None:
        raise ModelyardError(Code.HUB_FILE_MISSING, name=listing.id, file=path)
    if file.size > limit:
        raise ModelyardError(Code.HUB_FILE_TOO_LARGE, name=path, limit_bytes=limit)
    content = session.get_bytes(resolve_path(listing, path), subject, limit, cancel=cancel)
    if len(content) != file.size:
        raise ModelyardError(Code.HUB_FILE_CHANGED, name=path)
    return content


def open_remote(session: Session, listing: RepoListing, path: str) -> RemoteFile:
    """A large file's bytes by range, as a ByteSource. Raises HUB_FILE_MISSING; reading raises HUB_*."""
    file = listing.file(path)
    if file is None:
        raise ModelyardError(Code.HUB_FILE_MISSING, name=listing.id, file=path)
    return RemoteFile(session, file, resolve_path(listing, path), session.subject(listing.id, listing.revision, path))


def search(session: Session, words: str, *, limit: int = 20, cancel: CancelToken | None = None) -> list[str]:
    """The names of repositories of models whose names contain the words, most fetched first. Raises HUB_*."""
    query = urlencode({"search": words.strip()[:200], "limit": limit, "sort": "downloads", "direction": -1})
    found = session.get_json(f"/api/models?{query}", session.subject(), cancel=cancel)
    if not isinstance(found, list):
        raise ModelyardError(Code.HUB_ANSWER_INVALID, host=session.endpoint.host, detail="no list of models")
    return [
        entry["id"] for entry in found[:limit] if isinstance(entry, dict) and is_repository_id(text(entry.get("id")))
    ]


def resolve_path(listing: RepoListing, path: str) -> str:
    """Where the Hub answers with a file's bytes (or a redirect to them)."""
    return f"/{quote(listing.id)}/resolve/{quote(listing.revision, safe='')}/{quote(path)}"


def _file(entry: object) -> RepoFile | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("rfilename"), str):
        return None
    lfs = table(entry.get("lfs"))
    size = lfs.get("size", entry.get("size"))
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    return RepoFile(
        entry["rfilename"], size, digest(lfs.get("sha256"), 64), "" if lfs else digest(entry.get("blobId"), 40)
    )


def _base_models(card: Mapping[str, Any], tags: tuple[str, ...]) -> tuple[str, ...]:
    """From the card, then from the Hub's tags base_model:<id> and base_model:<relation>:<id>."""
    stated = card.get("base_model")
    bases = [stated] if isinstance(stated, str) else list(texts(stated))
    for tag in tags:
        kind, _, rest = tag.partition(":")
        if kind != "base_model":
            continue
        _, _, base = rest.partition(":")
        bases.append(base or rest)
    return tuple(dict.fromkeys(base for base in bases if is_repository_id(base)))


def _licence(card: Mapping[str, Any], tags: tuple[str, ...]) -> str:
    stated = text(card.get("license"))
    if stated == "other":
        stated = text(card.get("license_name")) or stated
    tagged = next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), "")
    return stated or tagged
