"""The test server answers as the recorded real servers did: every recorded call that it knows is sent to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders.ollama_gguf import CHATML, write_gguf
from tests.builders.ollama_server import GENERATIONS, OllamaServer
from tests.shared import shared

# Calls of the recordings that the program never makes, and that the test server therefore does not know.
_FOREIGN = ("/api/push", "/api/embed", "/api/status", "/api/me", "/api/nothing")
_SKIPPED = {
    "head blob present",  # needs the recorded bytes
    "post blob new",
    "post blob again",
    "post blob mismatch",
    "post blob dash form",
    "post blob uppercase",
    "upload text",
    "create gguf without llama-quantize",  # the recording had no llama-quantize, or needs the recorded file
    "create gguf bad template",
    "create non gguf named gguf",
    "create unknown type",
    "create bad json",
    "host denied",
    "origin allowed",
}


def _plain(text: str) -> str:
    """Without what differs from machine to machine."""
    text = re.sub(r"/\S*?/blobs/", "blobs/", text)
    text = re.sub(r'"version":\s*"[^"]*"', '"version":""', text)
    return re.sub(r"lookup (\S+) on [\d.:]+", r"lookup \1", text).replace('": "', '":"').replace('": [', '":[')


@pytest.mark.parametrize("generation", GENERATIONS)
def test_recorded_errors(tmp_path: Path, generation: str) -> None:
    recorded = json.loads(shared(f"conformance/ollama-{generation}/errors.json").read_text(encoding="utf-8"))
    compared = 0
    with OllamaServer(tmp_path / "models", generation) as server, httpx.Client(base_url=server.url) as client:
        for call in recorded:
            request = call["request"]
            if call["label"] in _SKIPPED or request["path"].startswith(_FOREIGN) or "quantiz" in call["label"]:
                continue
            headers = {"Origin": "http://evil.example"} if call["label"] == "origin denied" else {}
            body: dict[str, Any] = {} if request.get("json") is None else {"json": request["json"]}
            answer = client.request(request["method"], request["path"], headers=headers, **body)
            assert answer.status_code == call["status"], call["label"]
            if "lines" in call:
                got = [json.loads(line) for line in answer.text.splitlines()]
                assert _plain(json.dumps(got)) == _plain(json.dumps(call["lines"])), call["label"]
            else:
                assert _plain(answer.text) == _plain(call["body"]), call["label"]
            compared += 1
    assert compared >= 30


@pytest.mark.parametrize("generation", GENERATIONS)
def test_recorded_persona_printing(tmp_path: Path, generation: str) -> None:
    """`show` prints the recorded persona as the real server did, but for the order of parameters."""
    folder = shared(f"conformance/ollama-{generation}")
    path = next(path for path in folder.iterdir() if path.name.startswith("create_show"))
    recorded = {call["label"]: call for call in json.loads(path.read_text(encoding="utf-8"))}
    created, expected = recorded["create from local full persona"], json.loads(recorded["show persona"]["body"])
    with OllamaServer(tmp_path / "models", generation) as server, httpx.Client(base_url=server.url) as client:
        digest, _ = server.store.put(write_gguf(tmp_path / "plain.gguf").read_bytes())
        client.post("/api/create", json={"model": "t1", "files": {"plain.gguf": digest}})
        assert (
            client.post("/api/create", json=created["request"]["json"]).text.splitlines()[-1] == '{"status": "success"}'
        )
        shown = client.post("/api/show", json={"model": "p1"}).json()

    def sorted_lines(text: str) -> list[str]:
        return sorted(re.sub(r"sha256-\w+", "", _plain(text)).splitlines())

    for key in ("license", "system", "template", "messages"):
        assert shown[key] == expected[key]
    for key in ("modelfile", "parameters"):
        assert sorted_lines(shown[key]) == sorted_lines(expected[key])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_recorded_status_lines(tmp_path: Path, generation: str) -> None:
    """A create says what the real one said; digests aside."""
    folder = shared(f"conformance/ollama-{generation}")
    name = "create_real_quantize.json" if generation == "0.33" else "create_show.json"
    label = "create gguf f32 (real llama-quantize b11434)" if generation == "0.33" else "create gguf plain"
    recorded = {call["label"]: call for call in json.loads((folder / name).read_text(encoding="utf-8"))}
    with OllamaServer(tmp_path / "models", generation) as server, httpx.Client(base_url=server.url) as client:
        digest, _ = server.store.put(write_gguf(tmp_path / "plain.gguf").read_bytes())
        answer = client.post("/api/create", json={"model": "t1", "files": {"plain.gguf": digest}})
    got = [json.loads(line)["status"].split(" layer")[0] for line in answer.text.splitlines()]
    expected = [line["status"].split(" layer")[0] for line in recorded[label]["lines"]]
    assert [line.replace("creating new", "using existing") for line in got] == [
        line.replace("creating new", "using existing") for line in expected
    ]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_recorded_chat_refusals(tmp_path: Path, generation: str) -> None:
    """Wrong options, thinking and pictures that a model cannot take: the real server's words."""
    path = shared(f"conformance/ollama-{generation}/chat_real_llamaserver.json")
    labels = ("chat option", "chat think", "image on text model", "chat unknown renderer")
    compared = 0
    with OllamaServer(tmp_path / "models", generation) as server, httpx.Client(base_url=server.url) as client:
        digest, _ = server.store.put(write_gguf(tmp_path / "smol.gguf").read_bytes())
        client.post("/api/create", json={"model": "smol", "files": {"smol.gguf": digest}})
        client.post("/api/create", json={"model": "smolr", "from": "smol", "renderer": "nope"})
        for call in json.loads(path.read_text(encoding="utf-8")):
            if not call["label"].startswith(labels) or call["label"] == "chat think number":
                continue
            answer = client.post("/api/chat", json=call["request"]["json"])
            assert answer.status_code == call["status"], call["label"]
            if call["status"] >= 400:
                assert answer.json() == json.loads(call["body"]), call["label"]
            compared += 1
    assert compared >= (1 if generation == "0.33" else 15)


# A template that can do more than any Go template (as tools.gguf of the recordings has).
TOOLS = "{% if tools %}{{ tools }}{% endif %}{% for message in messages %}{% if message.role == 'tool' %}T{% endif %}"
TOOLS += "{% if message.tool_calls %}C{% endif %}<{{ message.role }}>{{ message.content }}{% endfor %}<think></think>"
TOOLS += " " * 200
_FOREIGN_CALLS = re.compile("quantiz|safetensors|draft|adapter|lora|corrupt|remote|cloud|two models")
_SHOWN = ("license", "system", "template", "messages", "requires")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_recorded_creates_and_shows_one_after_the_other(tmp_path: Path, generation: str) -> None:
    """The whole recorded session of creating, copying, showing and removing, with models of ours for the recorded
    ones: the same statuses, status lines, refusals, texts and abilities."""
    folder = shared(f"conformance/ollama-{generation}")
    path = next(path for path in folder.iterdir() if path.name.startswith("create_show"))
    recorded = json.loads(path.read_text(encoding="utf-8"))
    compared = 0
    with OllamaServer(tmp_path / "models", generation) as server, httpx.Client(base_url=server.url) as client:
        digests = {}
        for name, template in (("plain", ""), ("chatml", CHATML), ("tools", TOOLS)):
            upload = next(call for call in recorded if call["label"] == f"upload {name}.gguf")
            data = write_gguf(tmp_path / f"{name}.gguf", template).read_bytes()
            digests[upload["request"]["path"].rpartition("/")[2]] = server.store.put(data)[0]
        for call in recorded:
            request = call["request"]
            if call["label"].startswith("upload") or _FOREIGN_CALLS.search(call["label"]):
                continue
            text = json.dumps(request.get("json"))
            for theirs, ours in digests.items():
                text = text.replace(theirs, ours)
            answer = client.request(request["method"], request["path"], json=json.loads(text))
            assert answer.status_code == call["status"], call["label"]
            if "lines" in call:
                assert _steps(answer.text.splitlines()) == _steps(map(json.dumps, call["lines"])), call["label"]
            elif request["path"] == "/api/show" and not call["body"].endswith("(cut)"):
                got, expected = answer.json(), json.loads(call["body"])
                assert {key: got.get(key) for key in _SHOWN} == {key: expected.get(key) for key in _SHOWN}, call[
                    "label"
                ]
                assert sorted(got["capabilities"]) == sorted(expected["capabilities"]), call["label"]
            elif answer.status_code >= 400:
                assert answer.json() == json.loads(call["body"]), call["label"]
            compared += 1
    assert compared >= (20 if generation == "0.33" else 50)


def _steps(lines: Iterable[str]) -> list[str]:
    """What is said, in any order of the layers; which of them are new depends on the session, and progress on
    llama-quantize."""
    said = [str(json.loads(line).get("status", json.loads(line).get("error"))) for line in lines]
    kept = [_plain(each.replace("creating new", "using existing")) for each in said if "validating" not in each]
    return sorted(re.sub("sha256:[0-9a-f]+", "", each) for each in kept)
