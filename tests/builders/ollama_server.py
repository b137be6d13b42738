"""A strict Ollama over real HTTP, built from the recordings of three generations (../shared/conformance/ollama-*).

    0.33  every GGUF is rewritten at create (new digest), a client that goes away stops a create
    0.34  GGUFs are kept byte for byte, a create goes on without its client
    0.40  as 0.34; manifests in manifests-v2 as links to blobs

An unexpected request (path, method, field) is written down in `unexpected`; the fixture `ollama_server` fails its
test for it. Attributes named as faults make the server misbehave the way real ones do.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from modelyard.engines.ollama import names
from tests.builders import ollama_server_chat, ollama_server_create, ollama_server_show
from tests.builders.ollama_server_answers import AnsweringHandler
from tests.builders.ollama_server_create import DIGEST, LineError, Refused
from tests.builders.ollama_server_store import Model, ServerStore

GENERATIONS = ("0.33", "0.34", "0.40")
# As the recorded servers say: the old one was built without a version, as developers' builds are.
VERSIONS = {"0.33": "0.0.0", "0.34": "0.34.1-pr14969", "0.40": "0.40.0-pr16590"}
_RELEASED = {"0.33": "0.33.0", "0.34": "0.34.1", "0.40": "0.40.2"}
_CREATE_FIELDS = {"model", "stream", "from", "files", "template", "license", "system", "parameters", "messages"}
_CREATE_FIELDS |= {"renderer", "parser", "requires", "info"}
_CHAT_FIELDS = {"model", "messages", "stream", "options", "think", "keep_alive", "_debug_render_only", "truncate"}
_FIELDS = {
    "/api/create": _CREATE_FIELDS,
    "/api/chat": _CHAT_FIELDS,
    "/api/generate": {"model", "prompt", "stream", "options", "keep_alive"},
    "/api/show": {"model", "verbose"},
    "/api/copy": {"source", "destination"},
    "/api/delete": {"model"},
    "/api/pull": {"model", "stream", "insecure"},
}


class OllamaServer:
    """`with OllamaServer(folder, "0.34") as server:` then talk to `server.url`; its models lie in `server.models`."""

    def __init__(self, models: Path, generation: str = "0.34") -> None:
        self.generation = generation
        self.models = models
        self.store = ServerStore(models, "manifests-v2" if generation == "0.40" else "manifests")
        self.version = _RELEASED[generation]
        self.loaded: dict[str, tuple[dict[str, Any], int]] = {}  # by weights: how /api/ps lists it, its context
        self.unexpected: list[str] = []
        self.calls: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []  # what came with /api/ps, which the official client asks
        self.library: dict[str, Path] = {}  # what `pull` finds
        # faults
        self.foreign_owner = False  # hard-linked blobs are not the server's
        self.refuses_adapters = generation != "0.33"
        self.disk_full = False
        self.pull_error = ""  # the error line in the middle of a download
        self.go_on = threading.Event()  # a create or a pull waits for it before its manifest
        self.go_on.set()
        self.busy = False
        self.cut_upload_after: int | None = None  # bytes
        self.cut_create_after: int | None = None  # lines
        self.cut_chat_after: int | None = None  # lines
        self.broken_after: int | None = None  # words, then an error line
        self.endless = False  # the model goes on talking until it is told to stop
        self.word_seconds = 0.0
        self.first_word_seconds = 0.0
        self.closing = threading.Event()  # ends every wait
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"twin": self})
        self._http = _Http(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="ollama-server")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> OllamaServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.closing.set()
        self._http.shutdown()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._http.server_close()
        self._thread.join()

    # --- what handlers ask --------------------------------------------------------------------------------------------

    def now(self, at: float | None = None) -> str:
        moment = datetime.datetime.fromtimestamp(time.time() if at is None else at, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"

    def touch(self, path: Path) -> None:
        os.utime(path)

    def no_network(self, text: str) -> str:
        name = names.parse(text)
        host = f"https://{name.host}/v2/{name.namespace}/{name.model}/manifests/{name.tag}"
        return f'Get "{host}": dial tcp: lookup {name.host} on 10.255.255.53:53: no such host'

    def capabilities(self, model: Model) -> list[str]:
        metadata = self.store.metadata(model)
        template = metadata.get("tokenizer.chat_template", "") + self.store.text(model, "template")
        architecture = metadata.get("general.architecture", "")
        found = ["embedding" if f"{architecture}.pooling_type" in metadata else "completion"]
        found += ["vision"] if model.of("projector") else []
        found += ["tools"] if "tools" in template else []
        found += ["thinking"] if "<think>" in template else []
        return found + [each for each in model.config.get("capabilities", []) if each not in found]

    def load(self, model: Model, options: dict[str, Any]) -> int:
        """Loads it with the context asked for; returns the context it has."""
        trained = self.store.metadata(model).get("llama.context_length", 4096)
        context = min(int(options.get("num_ctx") or 4096), trained)
        weights = model.of("model")[-1]["digest"]
        if self.loaded.get(weights, ({}, 0))[1] != context:
            self.loaded[weights] = (ollama_server_show.running(self, model), context)
        return context

    def unload(self, model: Model) -> None:
        self.loaded.pop(model.of("model")[-1]["digest"], None)


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(AnsweringHandler):
    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    # --- routes ---------------------------------------------------------------------------------------------------

    def _route(self, method: str) -> None:
        server = self.twin
        server.calls.append(f"{method} {self.path.split('/sha256')[0]}")
        if self.headers.get("Origin"):
            return self.send(403, b"", "")
        route = (method, self.path)
        try:
            if self.path.startswith("/api/blobs/"):
                return self._blob(method, self.path.removeprefix("/api/blobs/"))
            known = _ROUTES.get(self.path)
            if known is None:
                server.unexpected.append(f"{method} {self.path}")
                return self.send(404, b"404 page not found", "text/plain")
            if method not in known[0]:
                server.unexpected.append(f"{method} {self.path}")
                return self.send(405, b"405 method not allowed", "text/plain")
            return getattr(self, known[1])()
        except Refused as error:
            return self.json({"error": str(error)}, error.status)
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True
        except Exception as error:
            server.unexpected.append(f"{route}: {error!r}")
            raise

    def _body(self) -> dict[str, Any]:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not data:
            raise Refused(400, "missing request body")
        try:
            body = json.loads(data)
        except ValueError:
            raise Refused(400, "unexpected EOF") from None
        self.twin.bodies.append(body)
        extra = set(body) - _FIELDS[self.path]
        if extra:
            self.twin.unexpected.append(f"{self.path} with {sorted(extra)}")
        return dict(body)

    def _root(self) -> None:
        self.send(200, b"Ollama is running", "text/plain; charset=utf-8")

    def _version(self) -> None:
        self.json({"version": self.twin.version})

    def _tags(self) -> None:
        with self.twin.lock:
            self.json(ollama_server_show.tags(self.twin))

    def _ps(self) -> None:
        self.twin.authorizations.append(self.headers.get("Authorization"))
        self.json(ollama_server_show.ps(self.twin))

    def _show(self) -> None:
        body = self._body()
        name = str(body.get("model") or body.get("name") or "")
        if not name:
            raise Refused(400, "model is required")
        if names.source_of(name).source == "cloud":
            raise Refused(403, "ollama cloud is disabled: remote model details are unavailable")
        if not names.is_valid(name):
            raise Refused(400, "invalid model name")
        model = self.twin.store.find(name)
        if model is not None and model.config.get("remote_host"):
            raise Refused(403, "ollama cloud is disabled: remote model details are unavailable")
        if model is None or not model.of("model"):
            raise Refused(404, f"model '{names.parse(name).short}' not found")
        self.json(ollama_server_show.show(self.twin, model, bool(body.get("verbose"))))

    def _copy(self) -> None:
        body = self._body()
        for key in ("source", "destination"):
            if not names.is_valid(str(body.get(key, ""))):
                raise Refused(400, f'{key} "{body.get(key, "")}" is invalid')
        with self.twin.lock:
            source = self.twin.store.find(body["source"])
            if source is None:
                raise Refused(404, f'model "{body["source"]}" not found')
            self.twin.store.write(body["destination"], source.layers, source.config)
        self.send(200, b"", "")

    def _delete(self) -> None:
        name = str(self._body().get("model") or "")
        if not name:
            raise Refused(400, "model is required")
        if not names.is_valid(name):
            raise Refused(400, f'name "{name}" is invalid')
        with self.twin.lock:
            model = self.twin.store.find(name)
            if model is None:
                raise Refused(404, f"model '{name}' not found")
            self.twin.store.delete(model)
        self.send(200, b"", "")

    def _create(self) -> None:
        body = self._body()
        ollama_server_create.check(self.twin, body)
        with self.twin.lock:
            self.stream(ollama_server_create.lines(self.twin, body), body, self.twin.cut_create_after, goes_on=True)

    def _chat(self) -> None:
        body = self._body()
        self._talk(body, generate=False)

    def _generate(self) -> None:
        self._talk(self._body(), generate=True)

    def _talk(self, body: dict[str, Any], generate: bool) -> None:
        if self.twin.busy:
            raise Refused(503, "server busy, please try again.  maximum pending requests exceeded")
        self.twin.closing.wait(self.twin.first_word_seconds)
        self.stream(ollama_server_chat.chat(self.twin, body, generate), body, self.twin.cut_chat_after, goes_on=False)

    def _pull(self) -> None:
        body = self._body()
        if not names.is_valid(str(body.get("model", ""))):
            raise Refused(400, "invalid model name")
        self.stream(self._pull_lines(body["model"]), body, None, goes_on=False)

    def _pull_lines(self, name: str) -> Iterator[dict[str, Any]]:
        yield {"status": "pulling manifest"}
        path = self.twin.library.get(name)
        if path is None:
            raise LineError(f"pull model manifest: {self.twin.no_network(name)}", 500)
        data = path.read_bytes()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        for done in range(0, len(data) + 1, max(1, len(data) // 4)):
            self.twin.closing.wait(self.twin.word_seconds)
            yield {"status": f"pulling {digest[7:19]}", "digest": digest, "total": len(data), "completed": done}
            if self.twin.pull_error:
                raise LineError(self.twin.pull_error)
        self.twin.go_on.wait()
        self.twin.store.put(data)
        layer = {"mediaType": "application/vnd.ollama.image.model", "digest": digest, "size": len(data)}
        yield {"status": "verifying sha256 digest"}
        yield {"status": "writing manifest"}
        self.twin.store.write(name, [layer], {})
        yield {"status": "success"}

    # --- blobs ----------------------------------------------------------------------------------------------------

    def _blob(self, method: str, digest: str) -> None:
        server = self.twin
        store = server.store
        well_formed = bool(DIGEST.fullmatch(digest.replace("sha256-", "sha256:").lower()))
        if not well_formed:
            return self.json({"error": "invalid digest format"}, 400)
        exists = store.blob(digest).exists()
        if method == "HEAD":
            return self.send(200 if exists else 404, b"", "" if exists else "application/json; charset=utf-8")
        if method != "POST":
            server.unexpected.append(f"{method} {self.path}")
            return self.send(405, b"405 method not allowed", "text/plain")
        if exists:
            self.close_connection = True
            return self.send(200, b"", "")
        return self._receive(digest)

    def _receive(self, digest: str) -> None:
        server = self.twin
        left = int(self.headers.get("Content-Length") or 0)
        temporary = server.store.blobs / f"sha256-{time.monotonic_ns()}"
        summed, received = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as file:
                while left:
                    block = self.rfile.read1(min(left, 1 << 20))
                    if not block:
                        raise ConnectionError
                    left -= len(block)
                    received += len(block)
                    if server.cut_upload_after is not None and received > server.cut_upload_after:
                        server.cut_upload_after = None
                        self.hang_up()
                        raise ConnectionError
                    if server.disk_full:
                        raise Refused(500, f"write {temporary}: no space left on device")
                    summed.update(block)
                    file.write(block)
            true = "sha256:" + summed.hexdigest()
            temporary.replace(server.store.blob(true))
        except Refused:
            self.close_connection = True
            raise
        finally:
            temporary.unlink(missing_ok=True)
        if true != digest:
            return self.json({"error": f'digest mismatch, expected "{digest}", got "{true}"'}, 400)
        return self.send(201, b"", "")


_ROUTES: dict[str, tuple[tuple[str, ...], str]] = {
    "/": (("GET", "HEAD"), "_root"),
    "/api/version": (("GET", "HEAD"), "_version"),
    "/api/tags": (("GET", "HEAD"), "_tags"),
    "/api/ps": (("GET",), "_ps"),
    "/api/show": (("POST",), "_show"),
    "/api/copy": (("POST",), "_copy"),
    "/api/delete": (("DELETE",), "_delete"),
    "/api/create": (("POST",), "_create"),
    "/api/chat": (("POST",), "_chat"),
    "/api/generate": (("POST",), "_generate"),
    "/api/pull": (("POST",), "_pull"),
}
