"""The model folder of the test server: blobs and manifests laid out and printed as each generation does."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelyard.engines.ollama.names import Name, parse
from tests.builders.ollama_gguf import NotGguf, read_gguf

MEDIA = "application/vnd.ollama.image."


@dataclass
class Model:
    """A model as its manifest says it: layers of (kind, digest, size, from), and the config."""

    name: Name
    layers: list[dict[str, Any]]
    config: dict[str, Any]
    manifest: Path
    digest: str = ""
    modified: float = 0.0

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [layer for layer in self.layers if layer["mediaType"] == MEDIA + kind]


@dataclass
class ServerStore:
    root: Path
    layout: str  # "manifests" or "manifests-v2"
    sequence: int = field(default=0)

    def __post_init__(self) -> None:
        self.blobs.mkdir(parents=True, exist_ok=True)

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    def blob(self, digest: str) -> Path:
        return self.blobs / digest.replace(":", "-")

    def put(self, data: bytes) -> tuple[str, bool]:
        """Stores small content; returns its digest and whether it is new."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        path = self.blob(digest)
        new = not path.exists()
        if new:
            path.write_bytes(data)
        return digest, new

    # --- manifests -------------------------------------------------------------------------------------------------

    def models(self) -> list[Model]:
        found = []
        for tree in ("manifests", "manifests-v2"):
            base = self.root / tree
            for path in sorted(base.rglob("*")) if base.exists() else []:
                if path.is_file():
                    host, namespace, model, tag = path.relative_to(base).parts
                    host = "registry.ollama.ai" if host == "ollama.com" else host.replace("%3A", ":")
                    found.append(self._model(Name("https", host, namespace, model, tag), path))
        return sorted(found, key=lambda model: -model.modified)

    def _model(self, name: Name, path: Path) -> Model:
        data = path.read_bytes()
        manifest = json.loads(data)
        config = json.loads(self.blob(manifest["config"]["digest"]).read_bytes())
        digest = hashlib.sha256(data).hexdigest()
        return Model(name, manifest["layers"], config, path, digest, path.lstat().st_mtime)

    def find(self, text: str) -> Model | None:
        wanted = parse(text).full.lower()
        return next((model for model in self.models() if model.name.full.lower() == wanted), None)

    def write(self, text: str, layers: list[dict[str, Any]], config: dict[str, Any]) -> None:
        existing = self.find(text)
        name = existing.name if existing else parse(text)
        config_digest, _ = self.put(json.dumps(config).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": config_digest},
            "layers": layers,
        }
        before = set() if existing is None else self.digests(existing)
        placed = self._place(name, json.dumps(manifest | self._extra()).encode())
        if existing is not None and existing.manifest != placed:
            existing.manifest.unlink()
        self._drop_unshared(before)

    def _extra(self) -> dict[str, Any]:
        return {"runner": "ggml", "format": "gguf"} if self.layout == "manifests-v2" else {}

    def _place(self, name: Name, data: bytes) -> Path:
        """In one step: whoever looks sees the old model or the new one."""
        host = name.host
        if self.layout == "manifests-v2":
            host = "ollama.com" if host == "registry.ollama.ai" else host.replace(":", "%3A")
        path = self.root / self.layout / host / name.namespace / name.model / name.tag
        path.parent.mkdir(parents=True, exist_ok=True)
        self.sequence += 1
        fresh = self.root / f"manifest-{self.sequence}"
        if self.layout == "manifests-v2":
            digest, _ = self.put(data)
            fresh.symlink_to(os.path.relpath(self.blob(digest), path.parent))
        else:
            fresh.write_bytes(data)
        now = time.time() + self.sequence * 1e-4
        os.utime(fresh, (now, now), follow_symlinks=self.layout == "manifests")
        fresh.replace(path)
        return path

    def digests(self, model: Model) -> set[str]:
        config = json.loads(model.manifest.read_bytes())["config"]["digest"]
        return {layer["digest"] for layer in model.layers} | {config, f"sha256:{model.digest}"}

    def delete(self, model: Model) -> None:
        before = self.digests(model)
        model.manifest.unlink()
        self._drop_unshared(before)

    def _drop_unshared(self, digests: set[str]) -> None:
        used = {digest for model in self.models() for digest in self.digests(model)}
        for digest in digests - used:
            self.blob(digest).unlink(missing_ok=True)

    # --- what it shows ---------------------------------------------------------------------------------------------

    def text(self, model: Model, kind: str) -> str:
        layers = model.of(kind)
        return self.blob(layers[-1]["digest"]).read_text(encoding="utf-8") if layers else ""

    def data(self, model: Model, kind: str) -> Any:
        text = self.text(model, kind)
        return json.loads(text) if text else None

    def licenses(self, model: Model) -> list[str]:
        return [self.blob(layer["digest"]).read_text(encoding="utf-8") for layer in model.of("license")]

    def metadata(self, model: Model) -> dict[str, Any]:
        layers = model.of("model")
        if not layers:
            return {}
        try:
            return read_gguf(self.blob(layers[-1]["digest"]))
        except NotGguf:
            return {}


def quote(text: str) -> str:
    """Modelfile.quote(): only for inner newlines and outer spaces."""
    if "\n" in text or text.startswith(" ") or text.endswith(" "):
        return f'"""{text}"""' if '"' in text else f'"{text}"'
    return text


def go_number(value: Any) -> str:
    """Go's %v of a decoded JSON value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if value and (abs(value) >= 1e6 or abs(value) < 1e-4):
            exponent = math.floor(math.log10(abs(value)))
            mantissa = repr(value / 10**exponent).removesuffix(".0")
            return f"{mantissa}e{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"
        return repr(float(value)).removesuffix(".0")
    return str(value)


def go_quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else go_number(value)
