"""POST /api/create of the test server: the checks, the status lines and the inheritance of each generation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from modelyard.engines.ollama import names
from tests.builders import go_template
from tests.builders.ollama_gguf import NotGguf, read_gguf
from tests.builders.ollama_server_store import MEDIA, Model

if TYPE_CHECKING:
    from tests.builders.ollama_server import OllamaServer

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NO_QUANTIZE = (
    "create-time quantization is only supported for safetensors imports; "
    "quantize GGUF models with llama.cpp tools before importing"
)
CHATML_GO = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
CHATML_STOP = {"stop": ["<|im_start|>", "<|im_end|>"]}


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class LineError(Exception):
    """An error line; it is a real status only where nothing was sent before."""

    def __init__(self, text: str, first_status: int = 400) -> None:
        super().__init__(text)
        self.first_status = first_status


def check(server: OllamaServer, body: dict[str, Any]) -> None:
    """What is refused before the stream begins. The recorded 0.40 is of an older branch than the recorded 0.34."""
    old = server.generation != "0.34"
    for key in ("files", "draft_files") if old else ("files", "adapters", "draft_files"):
        given = body.get(key) or {}
        if not isinstance(given, dict):
            raise Refused(
                400, f"json: cannot unmarshal array into Go struct field CreateRequest.{key} of type map[string]string"
            )
        for name, digest in given.items():
            parts = name.split("/")
            bad = not name or any(part in ("", ".", "..") for part in parts)
            if bad or (not old and ("\\" in name or ":" in name)):
                raise Refused(400, "file path must be relative" + ("" if old else f": {name}"))
            if not digest:
                raise Refused(400, "invalid digest format")
            if not old and not DIGEST.fullmatch(digest):
                raise Refused(400, f"invalid digest for {name}: invalid digest format")
    if body.get("draft_quantize") and not body.get("draft_files"):
        raise Refused(400, "--draft-quantize requires a DRAFT model")
    quantize = body.get("quantize") or body.get("quantization")
    if not names.is_valid(str(body.get("model") or body.get("name") or "")):
        raise Refused(400, "invalid model name")
    if quantize and server.generation == "0.34":
        raise Refused(400, _NO_QUANTIZE)
    if body.get("adapters") and server.refuses_adapters:
        raise Refused(400, "LoRA adapters are no longer supported")


def lines(server: OllamaServer, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The status lines; the manifest is written between "writing manifest" and "success". Raises LineError."""
    store = server.store
    config: dict[str, Any] = {"model_format": "gguf"}
    if body.get("remote_host") or (body.get("from") and names.source_of(body["from"]).source == "cloud"):
        config |= {"remote_host": body.get("remote_host") or "https://ollama.com", "remote_model": body["from"]}
        layers: list[dict[str, Any]] = []
    elif body.get("from"):
        base = yield from _base(server, body["from"])
        layers = [dict(layer) for layer in base.layers]
        config |= {
            key: base.config[key] for key in ("renderer", "parser", "requires", "capabilities") if key in base.config
        }
        if _kind(layers, "model"):
            _kind(layers, "model")[-1]["from"] = names.parse(body["from"]).short
    elif "files" in body:
        layers = yield from _from_files(server, body["files"] or {})
    else:
        raise LineError("neither 'from' or 'files' was specified")
    config |= {key: body[key] for key in ("renderer", "parser", "requires") if body.get(key)}
    _declare(config, body.get("info") or {}, server.generation)
    for adapter in (body.get("adapters") or {}).values():
        yield {"status": "parsing GGUF"}
        layers.append(_layer("adapter", adapter, store.blob(adapter).stat().st_size))
    fresh = _dress(server, layers, body)
    for layer in layers:
        if "autodetected" in layer:
            yield {"status": f"using autodetected template {layer.pop('autodetected')}"}
            continue
        known = "using existing" if layer["digest"] not in fresh else "creating new"
        yield {"status": f"{known} layer {layer['digest']}"}
    if server.disk_full:
        raise LineError(f"write {store.blobs}/sha256-2848357679: no space left on device", 500)
    server.go_on.wait()
    yield {"status": "writing manifest"}
    store.write(body.get("model") or body["name"], layers, config)
    yield {"status": "success"}


def _base(server: OllamaServer, text: str) -> Iterator[dict[str, Any]]:
    if not names.is_valid(text):
        raise LineError("invalid model name")
    base = server.store.find(text)
    if base is None:
        yield {"status": "pulling manifest"}
        raise LineError(f"pull model manifest: {server.no_network(text)}", 500)
    return base


def _declare(config: dict[str, Any], info: dict[str, Any], generation: str) -> None:
    """Declared abilities are added to those of the base. Only the recorded 0.34 looks at the types of all."""
    strict = generation == "0.34"
    for key in ("context_length", "embedding_length"):
        if generation != "0.33" and isinstance(info.get(key), str):
            raise LineError(f'info field "{key}" must be a number')
    declared = info.get("capabilities", [])
    if strict and not isinstance(declared, list):
        raise LineError('info field "capabilities" must be an array of strings')
    texts = [each for each in declared if isinstance(each, str)] if isinstance(declared, list) else []
    wrong = [number for number, each in enumerate(declared) if not isinstance(each, str)]
    if strict and wrong:
        raise LineError(f'info field "capabilities" element {wrong[0]} must be a string')
    if texts:
        config["capabilities"] = list(dict.fromkeys([*config.get("capabilities", []), *texts]))


def _kind(layers: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [layer for layer in layers if layer["mediaType"] == MEDIA + kind]


def _layer(kind: str, digest: str, size: int, origin: str = "") -> dict[str, Any]:
    return {"mediaType": MEDIA + kind, "digest": digest, "size": size} | ({"from": origin} if origin else {})


def _from_files(server: OllamaServer, files: dict[str, str]) -> Iterator[dict[str, Any]]:
    store, old = server.store, server.generation == "0.33"
    heads = {name: store.blob(digest) for name, digest in files.items()}
    if not any(name.endswith(".gguf") or _is_gguf(path) for name, path in heads.items()):
        raise LineError("unknown type")
    parsed: list[tuple[str, str, dict[str, Any]]] = []
    for name, digest in sorted(files.items()):
        yield {"status": "parsing GGUF"}
        if not DIGEST.fullmatch(digest):
            raise LineError("invalid digest format", 500)
        path = store.blob(digest)
        if not path.exists():
            raise LineError(f"open {path}: no such file or directory", 500)
        if server.foreign_owner and path.stat().st_nlink > 1:
            raise LineError(f"chtimes {path}: operation not permitted", 500)
        try:
            parsed.append((name, digest, read_gguf(path)))
        except NotGguf as error:
            raise LineError(str(error), 500) from None
    layers = []
    for name, digest, metadata in parsed:
        kind = "projector" if metadata.get("general.type") in ("mmproj", "projector") else "model"
        if old and kind == "model":
            if metadata["general.architecture"] not in ("llama", "qwen2", "gemma3", "clip"):
                raise LineError(
                    "failed to validate GGUF with llama-quantize without compatibility patches: "
                    "llama-quantize failed: exit status 1",
                    500,
                )
            yield {"status": "verifying conversion"}
            digest = _rewritten(server, digest)
        size = store.blob(digest).stat().st_size
        layers.append(_layer(kind, digest, size, "" if old else name))
        server.touch(store.blob(digest))
        if kind == "model" and "im_start" in metadata.get("tokenizer.chat_template", ""):
            layers.append(_layer("template", store.put(CHATML_GO.encode())[0], len(CHATML_GO)) | {"autodetected": "x"})
            layers[-1]["autodetected"] = "chatml"
            stop = json.dumps(CHATML_STOP).encode()
            layers.append(_layer("params", store.put(stop)[0], len(stop)))
    return layers


def _rewritten(server: OllamaServer, digest: str) -> str:
    """0.33 runs every model through `llama-quantize COPY`: a new file, the same again for its own copy."""
    data = server.store.blob(digest).read_bytes()
    copied = data if data.endswith(b"COPY") else data + b"COPY"
    return server.store.put(copied)[0]


def _is_gguf(path: Any) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return bool(file.read(4) == b"GGUF")


def _dress(server: OllamaServer, layers: list[dict[str, Any]], body: dict[str, Any]) -> set[str]:
    """Adds and replaces template, system, parameters, messages and licences. Returns the digests that are new."""
    store = server.store
    fresh: set[str] = set()

    def replace(kind: str, data: bytes, keep: bool = False) -> None:
        if not keep:
            layers[:] = [layer for layer in layers if layer["mediaType"] != MEDIA + kind]
        digest, new = store.put(data)
        fresh.update({digest} if new else set())
        layers.append(_layer(kind, digest, len(data)))

    if template := body.get("template"):
        try:
            go_template.parse(template)
        except go_template.TemplateError as error:
            raise LineError(f"template error: {error}") from None
        replace("template", template.encode())
    if system := body.get("system"):
        replace("system", system.encode())
    licenses = body.get("license") or []
    for text in [licenses] if isinstance(licenses, str) else licenses:
        replace("license", text.encode(), keep=True)
    if parameters := body.get("parameters"):
        model = Model(names.parse("x"), layers, {}, store.root)
        replace("params", json.dumps((store.data(model, "params") or {}) | parameters).encode())
    if messages := body.get("messages"):
        replace("messages", json.dumps(messages).encode())
    return fresh
