"""What real servers said, read: every recorded `show`, every recorded error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from modelyard.engines.ollama.answers import coded, shown
from modelyard.engines.ollama.shown import go_unquote, quote, read_parameters, read_show
from modelyard.errors import Code
from tests.shared import shared


def _recorded(path_of_call: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(shared("conformance").glob("ollama-*/*.json")):
        for call in json.loads(path.read_text(encoding="utf-8")):
            if call.get("request", {}).get("path", "").startswith(path_of_call):
                yield f"{path.parent.name}/{path.name}: {call['label']}", call


def test_every_recorded_show_is_understood() -> None:
    read = 0
    for label, call in _recorded("/api/show"):
        if call["status"] != 200 or call["body"].endswith("(cut)"):
            continue
        answer = json.loads(call["body"])
        result = read_show(answer)
        persona = result.persona
        assert persona.system == answer.get("system", ""), label
        assert "\n".join(persona.licenses) == answer.get("license", ""), label
        assert [each.content for each in persona.messages] == [each["content"] for each in answer.get("messages", [])]
        stops = read_parameters(answer.get("parameters", "")).get("stop", ())
        assert isinstance(stops, tuple)
        assert len(stops) == answer.get("parameters", "").count("stop   "), label
        assert persona.parameters.get("stop", ()) == (() if "<|im_start|>" in stops else stops), label
        assert result.ends == ()
        assert all(f"FROM {blob}\n" in answer["modelfile"] for blob in result.blobs), label
        assert result.own_template == "", label
        assert persona.template == ("" if "<|im_start|>" in stops else result.template), label  # Ollama's own, both
        printed = f"\nTEMPLATE {quote(result.template or '{{ .Prompt }}')}"
        assert printed in answer["modelfile"], label
        read += 1
    assert read >= 60


def test_a_recorded_persona_in_full() -> None:
    call = next(call for label, call in _recorded("/api/show") if label.endswith("show persona"))
    persona = read_show(json.loads(call["body"])).persona
    assert persona.template == "{{ .System }}\n{{ .Prompt }}"
    assert persona.licenses == ("MIT", "Apache\n2")
    assert persona.parameters == {
        "temperature": 0.5,
        "num_ctx": 1048576,
        "seed": 1234567,
        "stop": ("A:", '"B"\n'),
        "top_k": 40,
    }


def test_words_that_look_like_commands_stay_words() -> None:
    system = "FROM here\nRENDERER evil\nPARAMETER x 1\nLICENSE none"
    modelfile = f'# FROM x\n\nFROM /b/blobs/sha256-aa\nTEMPLATE {{{{ .Prompt }}}}\nSYSTEM "{system}"\nLICENSE real\n'
    result = read_show({"modelfile": modelfile, "system": system, "license": "real", "template": "{{ .Prompt }}"})
    assert result.blobs == ("/b/blobs/sha256-aa",)
    assert result.renderer == ""
    assert result.persona.licenses == ("real",)
    assert result.persona.system == system
    licence = "free\nPARSER evil\nMESSAGE none"
    modelfile = f'FROM /b/blobs/sha256-aa\nTEMPLATE x\nRENDERER good\nLICENSE "{licence}"\n'
    result = read_show({"modelfile": modelfile, "license": licence, "template": "x"})
    assert (result.renderer, result.parser, result.persona.licenses) == ("good", "", (licence,))


@pytest.mark.parametrize("following", ["CAPABILITY decision", "REQUIRES 0.40.0", "PARSER qwen3"])
def test_commands_of_newer_servers_end_a_template(following: str) -> None:
    modelfile = f'FROM /b/blobs/sha256-aa\nTEMPLATE "one\ntwo"\n{following}\nPARAMETER top_k 1\n'
    result = read_show({"modelfile": modelfile, "template": "{{ the Jinja that is used }}"})
    assert result.persona.template == "one\ntwo"


@pytest.mark.parametrize("answer", [{}, {"modelfile": 3, "messages": "x", "model_info": [], "details": None}])
def test_odd_answers_read_as_empty(answer: dict[str, Any]) -> None:
    result = read_show(answer)
    assert (result.blobs, result.persona.system, result.capabilities) == ((), "", ())


def test_go_texts() -> None:
    assert go_unquote(r"a\"b\n\tc\\d\x41é") == 'a"b\n\tc\\dAé'
    assert read_parameters("use_mmap                       true\nseed   -1\nmin_p 5e-02\nbad\n x") == {
        "use_mmap": True,
        "seed": -1,
        "min_p": 0.05,
    }


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("chat missing", Code.ENGINE_MODEL_MISSING),
        ("show missing", Code.ENGINE_MODEL_MISSING),
        ("delete missing", Code.ENGINE_MODEL_MISSING),
        ("copy missing", Code.ENGINE_MODEL_MISSING),
        ("chat invalid model", Code.ENGINE_NAME_INVALID),
        ("copy invalid dst", Code.ENGINE_NAME_INVALID),
        ("delete invalid", Code.ENGINE_NAME_INVALID),
        ("create non gguf named gguf", Code.OLLAMA_FILE_REFUSED),
        ("create unknown type", Code.OLLAMA_FILE_REFUSED),
        ("create gguf bad template", Code.OLLAMA_TEMPLATE_INVALID),
        ("unknown arch", Code.OLLAMA_FILE_REFUSED),
        ("pull missing (no network)", Code.OLLAMA_PULL_FAILED),
        ("post blob mismatch", Code.FILE_CHANGED),
        ("cloud suffix while disabled", Code.OLLAMA_CLOUD_OFF),
        ("upload with full disk", Code.OLLAMA_DISK_FULL),
        ("create with full disk", Code.OLLAMA_DISK_FULL),
        ("chat option temperature='hot'", Code.ENGINE_BAD_OPTION),
        ("chat option stop=[1]", Code.ENGINE_BAD_OPTION),
        ("chat think true on non-thinking", Code.ENGINE_BAD_OPTION),
        ("image on text model", Code.ENGINE_NO_VISION),
        ("prompt longer than num_ctx, truncate false", Code.ENGINE_PROMPT_TOO_LONG),
        ("chat unknown renderer", Code.ENGINE_LOAD_FAILED),
        ("chat image on fake projector", Code.ENGINE_LOAD_FAILED),
    ],
)
def test_recorded_errors_get_their_code(label: str, code: Code) -> None:
    found = 0
    for path, call in _recorded("/api/"):
        if not path.endswith(f": {label}"):
            continue
        lines = call.get("lines") or [json.loads(call["body"])]
        text = lines[-1].get("error")
        if text is None or "llama-quantize unavailable" in text:
            continue
        error = coded(text, status=call["status"], name="m")
        assert error.code is code, (path, text)
        assert "/srv/ollama/models" not in str(error.fields)
        found += 1
    assert found


def test_a_sign_in_and_a_busy_server() -> None:
    assert coded("unauthorized", status=401, sign_in="https://ollama.com/connect").fields["url"].startswith("https")  # type: ignore[union-attr]
    assert coded("server busy, please try again.", status=503).code is Code.OLLAMA_BUSY
    assert coded("model requires more system memory (9 GiB) than is available").code is Code.ENGINE_OUT_OF_MEMORY


def test_words_of_a_server_are_cleaned() -> None:
    assert shown("open /home/someone/.ollama/models/blobs/sha256-12: \x1b[31mgone\x07") == "open blobs/sha256-12: gone"
    assert len(shown("x" * 5000)) < 700
