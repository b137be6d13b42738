"""The routes of the test Hub. Shapes of the answers: huggingface_hub 2.4 (read and measured, facts/qt.md §5.3)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import math
import os
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .hub_server import LFS_ENDINGS, Blob, Fault, Hub, Repo, Seen, User, make_blob

_SNIPPET = 1 << 16


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def do_GET(self) -> None:
        self._route()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    # --- the way of a request ------------------------------------------------------------------------------------

    def _route(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        self.query = parse_qs(urlsplit(self.path).query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        with hub.lock:
            hub.seen.append(Seen(self.command, self.path, headers))
        if self.command == "PUT" and hub.slow_uploads:
            hub.closing.wait(hub.slow_uploads)
        self.body = self._read_body()
        self.fault = hub.fault_for(self.command, self.path)
        if self.fault and self.fault.status:
            return self._refuse(self.fault.status, "", "on demand", **self.fault.headers)
        if path in hub.raw:
            return self._send(Blob(hub.raw[path]), {})
        routes = (
            (r"/api/whoami-v2", self._whoami),
            (r"/api/repos/create", self._create),
            (r"/api/validate-yaml", lambda: self._json({"errors": [], "warnings": []})),
            (r"/api/models", self._search),
            (r"/api/models/([^/]+/[^/]+?)(?:/(revision|tree|preupload|commit|auth-check)(?:/(.+))?)?", self._model),
            (r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self._lfs_batch),
            (r"/[^/]+/[^/]+\.git/info/lfs/verify", self._lfs_verify),
            (r"/_lfs/([0-9a-f]{64})", self._lfs_object),
            (r"/_part/([0-9a-f]{64})/(\d+)", self._lfs_part),
            (r"/_complete/([0-9a-f]{64})", self._lfs_complete),
            (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self._resolve),
        )
        for pattern, handler in routes:
            if found := re.fullmatch(pattern, path):
                return handler(*found.groups())
        return self._refuse(404, "", "no such route")

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _json(self, value: Any, status: int = 200, **headers: str) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str, message: str, **headers: str) -> None:
        if code:
            headers["X_Error_Code"] = code
        self._json({"error": message}, status, X_Error_Message=message, **headers)

    # --- who may -------------------------------------------------------------------------------------------------

    def _user(self) -> User | None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.hub.users.get(key)

    def _repo(self, name: str, verb: str = "") -> Repo | None:
        """The repository if this person may know of it; else the refusal is sent."""
        user = self._user()
        if self.headers.get("Authorization") and user is None:
            self._refuse(401, "", "Invalid credentials in Authorization header")
            return None
        if name in self.hub.renamed:
            self.send_response(307)
            self.send_header("Location", self.path.replace(name, self.hub.renamed[name], 1))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and (user is None or not self._belongs(user, repo.owner))):
            self._refuse(401 if user is None else 404, "RepoNotFound", "Repository not found")
            return None
        if repo.gated and verb in ("resolve", "auth-check") and not self._past_gate(repo, user):
            return None
        return repo

    def _past_gate(self, repo: Repo, user: User | None) -> bool:
        page = f"{self.hub.url}/{repo.id}"
        state = repo.people.get(user.name, "") if user else ""
        if user is None:
            said = f"Access to model {repo.id} is restricted. You must be authenticated to access it."
        elif not user.reads_gated:
            said = "Please enable access to public gated repositories in your fine-grained token settings to view this."
        elif state == "pending":
            said = f"Your request to access model {repo.id} is awaiting a review from the repo authors."
        elif state == "rejected":
            said = f"Your request to access model {repo.id} has been rejected by the repo's authors."
        elif state != "allowed":
            said = (
                f"Access to model {repo.id} is restricted and you are not in the authorized list. Visit {page} to ask."
            )
        else:
            return True
        self._refuse(403 if user else 401, "GatedRepo", said)
        return False

    @staticmethod
    def _belongs(user: User, owner: str) -> bool:
        return owner == user.name or owner in user.organizations

    def _may_write(self, owner: str) -> bool:
        user = self._user()
        if user is None:
            self._refuse(401, "", "Invalid username or password.")
            return False
        writes = user.role == "write" or owner in user.writes
        if not writes or not self._belongs(user, owner):
            self._refuse(403, "", "You don't have the rights to create a model under this namespace")
            return False
        return True

    # --- account and search --------------------------------------------------------------------------------------

    def _whoami(self) -> None:
        user = self._user()
        if user is None:
            known = self.headers.get("Authorization")
            return self._refuse(401, "", "Invalid credentials in Authorization header" if known else "Invalid username")
        token: dict[str, Any] = {"displayName": "test key", "role": user.role}
        if user.role == "fineGrained":
            scopes = [
                {"entity": {"type": "user", "name": name}, "permissions": ["repo.write", "repo.content.read"]}
                for name in user.writes
            ]
            token["fineGrained"] = {"canReadGatedRepos": user.reads_gated, "global": [], "scoped": scopes}
        organizations = [{"type": "org", "name": name, "roleInOrg": "write"} for name in user.organizations]
        return self._json(
            {
                "type": "user",
                "id": "u1",
                "name": user.name,
                "fullname": user.name,
                "email": "x@example.com",
                "orgs": organizations,
                "auth": {"type": "access_token", "accessToken": token},
            }
        )

    def _search(self) -> None:
        words = (self.query.get("search") or [""])[0].lower()
        found = [repo for repo in self.hub.repos.values() if words in repo.id.lower() and not repo.private]
        limit = int((self.query.get("limit") or ["1000"])[0])
        return self._json([self._info(repo, repo.commits[-1], blobs=False) for repo in found[:limit]])

    # --- a model -------------------------------------------------------------------------------------------------

    def _model(self, name: str, verb: str | None, argument: str | None) -> None:
        repo = self._repo(name, verb or "")
        if repo is None:
            return None
        if verb == "auth-check":
            return self._json({})
        if verb == "preupload":
            return self._preupload(repo)
        if verb == "commit":
            return self._commit(repo)
        commit = self._commit_of(repo, argument or "main")
        if commit is None:
            return None
        if verb == "tree":
            return self._json([self._tree_entry(path, blob) for path, blob in sorted(commit[2].items())])
        return self._json(self._info(repo, commit, blobs="blobs" in self.query))

    def _commit_of(self, repo: Repo, revision: str) -> tuple[str, str, dict[str, Blob]] | None:
        if revision == "main":
            return repo.commits[-1]
        for commit in repo.commits:
            if commit[0] == revision:
                return commit
        self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return None

    def _info(self, repo: Repo, commit: tuple[str, str, dict[str, Blob]], *, blobs: bool) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = []
        for path, blob in sorted(commit[2].items()):
            entry: dict[str, Any] = {"rfilename": path}
            if blobs:
                entry |= {"size": blob.size, "blobId": blob.git_oid if not blob.lfs else "0" * 40}
                if blob.lfs:
                    entry["lfs"] = {"sha256": blob.sha256, "size": blob.size, "pointerSize": 134}
            siblings.append(entry)
        return {
            "_id": "0" * 24,
            "id": repo.id,
            "modelId": repo.id,
            "author": repo.owner,
            "sha": commit[0],
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "private": repo.private,
            "gated": repo.gated or False,
            "disabled": False,
            "downloads": 7,
            "likes": 2,
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "tags": repo.tags,
            "cardData": repo.card,
            "siblings": siblings,
        }

    @staticmethod
    def _tree_entry(path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "oid": blob.git_oid, "size": blob.size, "path": path}
        if blob.lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
        return entry

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self._repo(name, "resolve")
        commit = self._commit_of(repo, revision) if repo else None
        if repo is None or commit is None:
            return None
        blob = commit[2].get(path)
        if blob is None:
            return self._refuse(404, "EntryNotFound", "Entry not found", X_Repo_Commit=commit[0])
        headers = {"X-Repo-Commit": commit[0], "Accept-Ranges": "bytes"}
        if not blob.lfs:
            return self._send(blob, headers | {"ETag": f'"{blob.etag}"'})
        self.hub.objects[blob.sha256] = blob.path or blob.data
        self.send_response(302)
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-ETag": f'"{blob.etag}"', "Content-Length": "0"}
        headers["Location"] = f"{self.hub.cdn}/_lfs/{blob.sha256}"
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        return None

    # --- uploading -----------------------------------------------------------------------------------------------

    def _create(self) -> None:
        wish = json.loads(self.body)
        user = self._user()
        owner = wish.get("organization") or (user.name if user else "")
        if not self._may_write(owner):
            return None
        name = f"{owner}/{wish['name']}"
        if name in self.hub.repos:
            return self._json({"error": "You already created this model repo", "url": f"{self.hub.url}/{name}"}, 409)
        private = wish.get("visibility") == "private" or wish.get("private") is True
        self.hub.add(name, {}, private=private)
        return self._json({"url": f"{self.hub.url}/{name}", "name": name, "id": "1"})

    def _preupload(self, repo: Repo) -> None:
        if not self._may_write(repo.owner):
            return None
        answers = []
        for wish in json.loads(self.body)["files"]:
            large = wish["size"] > 10 << 20 or wish["path"].endswith(LFS_ENDINGS)
            answer = {"path": wish["path"], "shouldIgnore": False, "uploadMode": "lfs" if large else "regular"}
            if there := repo.files.get(wish["path"]):
                answer["oid"] = there.etag
            answers.append(answer)
        return self._json({"files": answers, "commitOid": repo.sha})

    def _commit(self, repo: Repo) -> None:
        if not self._may_write(repo.owner):
            return None
        message = ""
        for line in self.body.splitlines():
            record = json.loads(line)
            value = record["value"]
            match record["key"]:
                case "header":
                    message = value["summary"]
                case "file":
                    repo.files[value["path"]] = Blob(base64.b64decode(value["content"]))
                case "lfsFile":
                    held = self.hub.objects.get(value["oid"])
                    if held is None:
                        return self._refuse(400, "", f"LFS pointer to a file that does not exist: {value['path']}")
                    repo.files[value["path"]] = make_blob(value["path"], held)
                    repo.files[value["path"]].lfs = True
                    repo.files[value["path"]].sha256 = value["oid"]
                case "deletedFile":
                    repo.files.pop(value["path"], None)
        sha = repo.commit(message)
        url = f"{self.hub.url}/{repo.id}/commit/{sha}"
        return self._json({"success": True, "commitOid": sha, "commitUrl": url, "hookOutput": ""})

    def _lfs_batch(self, name: str) -> None:
        if not self._may_write(name.split("/")[0]):
            return None
        objects = []
        for wish in json.loads(self.body)["objects"]:
            answer = {"oid": wish["oid"], "size": wish["size"]}
            if wish["oid"] not in self.hub.objects:
                answer["actions"] = {
                    "upload": self._upload_action(wish["oid"], wish["size"]),
                    "verify": {"href": f"{self.hub.url}/{name}.git/info/lfs/verify"},
                }
            objects.append(answer)
        return self._json({"transfer": "multipart" if self.hub.part_bytes else "basic", "objects": objects})

    def _upload_action(self, oid: str, size: int) -> dict[str, Any]:
        step = self.hub.part_bytes
        if not step or size <= step:
            return {"href": f"{self.hub.cdn}/_lfs/{oid}"}
        parts = {str(n): f"{self.hub.cdn}/_part/{oid}/{n}" for n in range(1, math.ceil(size / step) + 1)}
        return {"href": f"{self.hub.url}/_complete/{oid}", "header": {"chunk_size": str(step), **parts}}

    def _lfs_object(self, oid: str) -> None:
        if self.command == "PUT":
            if hashlib.sha256(self.body).hexdigest() != oid:
                return self._refuse(400, "", "sha mismatch")
            self.hub.objects[oid] = self.body
            return self._json({}, ETag=f'"{oid}"')
        held = self.hub.objects.get(oid)
        if held is None:
            return self._refuse(404, "", "no such object")
        blob = Blob(held) if isinstance(held, bytes) else Blob(path=held)
        return self._send(blob, {"ETag": '"opaque-to-the-hub"', "Accept-Ranges": "bytes"})

    def _lfs_part(self, oid: str, number: str) -> None:
        self.hub.parts.setdefault(oid, {})[int(number)] = self.body
        return self._json({}, ETag=f'"part-{number}"')

    def _lfs_complete(self, oid: str) -> None:
        wish = json.loads(self.body)
        parts = self.hub.parts.get(oid, {})
        body = b"".join(parts[part["partNumber"]] for part in wish["parts"])
        if hashlib.sha256(body).hexdigest() != oid:
            return self._refuse(400, "", "sha mismatch")
        self.hub.objects[oid] = body
        return self._json({})

    def _lfs_verify(self) -> None:
        known = json.loads(self.body)["oid"] in self.hub.objects
        return self._json({}) if known else self._refuse(404, "", "no such object")

    # --- bytes ---------------------------------------------------------------------------------------------------

    def _send(self, blob: Blob, headers: dict[str, str]) -> None:
        size = blob.size
        start, end, status = 0, size, 200
        if self.hub.ranges and (wish := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            start, end, status = int(wish[1]), min(size, int(wish[2]) + 1) if wish[2] else size, 206
            if start >= size:
                return self._json({}, 416, Content_Range=f"bytes */{size}")
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self.send_response(status)
        for name, value in {"Content-Length": str(end - start), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return None
        self.fault = self.fault or self.hub.fault_for(self.command, self.path, start, end)
        if blob.path and not self.fault and hasattr(os, "sendfile") and not self.hub.certificate:
            return self._send_file(blob, start, end)
        content = blob.path.read_bytes() if blob.path else blob.data
        return self._send_slowly(memoryview(content)[start:end], start, self.fault)

    def _send_file(self, blob: Blob, start: int, end: int) -> None:
        """By the system, without a copy; at a limited rate in small pieces."""
        self.wfile.flush()
        assert blob.path is not None
        rate, began, sent = self.hub.bytes_per_second, time.monotonic(), 0
        piece = 256 << 10 if rate else 1 << 20 if self.hub.line.bytes_per_second else 8 << 20
        with blob.path.open("rb") as source:
            while start + sent < end:
                step = min(end - start - sent, piece)
                self.hub.line.take(step, self.hub.closing)
                count = os.sendfile(self.connection.fileno(), source.fileno(), start + sent, step)
                if not count:
                    return
                sent += count
                with self.hub.lock:
                    self.hub.sent_bytes += count
                if rate:
                    self.hub.closing.wait(max(0.0, began + sent / rate - time.monotonic()))

    def _send_slowly(self, content: memoryview, offset: int, fault: Fault | None) -> None:
        sent, began = 0, time.monotonic()
        for position in range(0, len(content), _SNIPPET):
            piece = bytes(content[position : position + _SNIPPET])
            if fault and fault.flip_at is not None and 0 <= fault.flip_at - offset - position < len(piece):
                wrong = fault.flip_at - offset - position
                piece = piece[:wrong] + bytes([piece[wrong] ^ 255]) + piece[wrong + 1 :]
            for limit in (fault.cut_after, fault.stall_after) if fault else ():
                piece = piece if limit is None else piece[: max(0, limit - sent)]
            self.hub.line.take(len(piece), self.hub.closing)
            self.wfile.write(piece)
            sent += len(piece)
            with self.hub.lock:
                self.hub.sent_bytes += len(piece)
            if fault and fault.cut_after is not None and sent >= fault.cut_after:
                self.close_connection = True
                return
            if fault and fault.stall_after is not None and sent >= fault.stall_after:
                self.hub.closing.wait(60)
                self.close_connection = True
                return
            if rate := self.hub.bytes_per_second:
                self.hub.closing.wait(max(0.0, began + sent / rate - time.monotonic()))
