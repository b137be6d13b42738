"""Every way in which people name a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.hub.links import HubLink, is_repository_id, parse_link

M = "org/m"
FILE = "sub/x-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", HubLink("Qwen/Qwen2.5-0.5B-Instruct")),
        ("  org/m\n", HubLink(M)),
        ("“org/m”，", HubLink(M)),
        ("`org/m`", HubLink(M)),
        ("\u200borg/m\ufeff", HubLink(M)),
        ("org/m@v1.0", HubLink(M, "v1.0")),
        ("org/m:Q4_K_M", HubLink(M, size_tag="Q4_K_M")),
        ("org/m@abc:Q8_0", HubLink(M, "abc", size_tag="Q8_0")),
        ("org/m:latest", HubLink(M)),
        ("org/m/x.gguf", HubLink(M, file="x.gguf")),
        ("gpt2", HubLink("openai-community/gpt2")),
        ("https://huggingface.co/org/m", HubLink(M, endpoint_host="huggingface.co")),
        ("http://www.huggingface.co/org/m/", HubLink(M, endpoint_host="www.huggingface.co")),
        ("huggingface.co/org/m", HubLink(M, endpoint_host="huggingface.co")),
        ("HTTPS://HuggingFace.co/org/m", HubLink(M, endpoint_host="huggingface.co")),
        ("https://huggingface.co/org/m/tree/main", HubLink(M, endpoint_host="huggingface.co")),
        ("https://huggingface.co/org/m/tree/main/sub", HubLink(M, endpoint_host="huggingface.co")),
        ("https://huggingface.co/org/m/tree/v2", HubLink(M, "v2", endpoint_host="huggingface.co")),
        ("https://huggingface.co/org/m/discussions/12", HubLink(M, endpoint_host="huggingface.co")),
        (f"https://huggingface.co/org/m/blob/main/{FILE}", HubLink(M, file=FILE, endpoint_host="huggingface.co")),
        (f"https://hf.co/org/m/resolve/v2/{FILE}?download=true", HubLink(M, "v2", FILE, endpoint_host="hf.co")),
        (
            "https://hf-mirror.com/org/m/raw/refs%2Fpr%2F1/a%20b.json",
            HubLink(M, "refs/pr/1", "a b.json", "", "hf-mirror.com"),
        ),
        (
            "https://huggingface.co/org/m?show_file_info=a.gguf",
            HubLink(M, file="a.gguf", endpoint_host="huggingface.co"),
        ),
        ("https://huggingface.co/api/models/org/m", HubLink(M, endpoint_host="huggingface.co")),
        ("https://huggingface.co/gpt2", HubLink("openai-community/gpt2", endpoint_host="huggingface.co")),
        ("hf.co/org/m:Q8_0", HubLink(M, size_tag="Q8_0", endpoint_host="hf.co")),
        ("hf://org/m/x.gguf", HubLink(M, file="x.gguf")),
        ("git@hf.co:org/m", HubLink(M, endpoint_host="hf.co")),
        ("https://huggingface.co/org/m.git", HubLink(M, endpoint_host="huggingface.co")),
        ("ollama run hf.co/org/m:Q4_K_M", HubLink(M, size_tag="Q4_K_M", endpoint_host="hf.co")),
        ("$ ollama pull huggingface.co/org/m", HubLink(M, endpoint_host="huggingface.co")),
        ("ollama run hf.co/org/m:x-IQ3_M.gguf", HubLink(M, file="x-IQ3_M.gguf", endpoint_host="hf.co")),
        ("huggingface-cli download org/m x.gguf --local-dir . --revision v3", HubLink(M, "v3", "x.gguf")),
        ("hf download org/m --include '*Q4_K_M*' --quiet", HubLink(M)),
        ("HF_ENDPOINT=https://hf-mirror.com hf download org/m", HubLink(M)),
        ("hfd.sh org/m --tool aria2c", HubLink(M)),
        ("git clone --depth 1 https://huggingface.co/org/m", HubLink(M, endpoint_host="huggingface.co")),
        (
            "wget https://huggingface.co/org/m/resolve/main/x.gguf",
            HubLink(M, file="x.gguf", endpoint_host="huggingface.co"),
        ),
        ("llama-server -hf org/m:Q4_K_M -c 4096", HubLink(M, size_tag="Q4_K_M")),
        ("./llama-cli --hf-repo org/m --hf-file x.gguf", HubLink(M, file="x.gguf")),
        ("vllm serve org/m --port 8000", HubLink(M)),
        ('model = AutoModelForCausalLM.from_pretrained("org/m", device_map="auto")', HubLink(M)),
        ('snapshot_download(repo_id="org/m")', HubLink(M)),
        ("pipe = pipeline('text-generation', model='org/m')", HubLink(M)),
        ("http://192.168.1.5:8080/org/m", HubLink(M, endpoint_host="192.168.1.5:8080")),
    ],
)
def test_understood(text: str, expected: HubLink) -> None:
    assert parse_link(text, more_hosts=("192.168.1.5:8080",)) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.HUB_LINK_EMPTY),
        (" \u200b ", Code.HUB_LINK_EMPTY),
        ("a b c", Code.HUB_LINK_INVALID),
        ("org/../x", Code.HUB_LINK_INVALID),
        ("org/-m", Code.HUB_LINK_INVALID),
        ("org/m--x", Code.HUB_LINK_INVALID),
        ("机构/模型", Code.HUB_LINK_INVALID),
        ("org/m/other", Code.HUB_LINK_INVALID),
        ("/home/x/y", Code.HUB_LINK_INVALID),
        ("C:\\Users\\x\\model", Code.HUB_LINK_INVALID),
        ("ftp://huggingface.co/org/m", Code.HUB_LINK_INVALID),
        ("https://huggingface.co/", Code.HUB_LINK_INVALID),
        ("https://[huggingface.co/org/m", Code.HUB_LINK_INVALID),
        ("x" * 3000, Code.HUB_LINK_INVALID),
        ("org/" + "m" * 200, Code.HUB_LINK_INVALID),
        ("https://modelscope.cn/models/a/b", Code.HUB_LINK_OTHER_SITE),
        ("https://huggingface.co.evil.example/org/m", Code.HUB_LINK_OTHER_SITE),
        ("http://127.0.0.1:8000/org/m", Code.HUB_LINK_OTHER_SITE),
        ("https://huggingface.co/datasets/a/b", Code.HUB_LINK_NOT_MODEL),
        ("https://huggingface.co/spaces/a/b", Code.HUB_LINK_NOT_MODEL),
        ("datasets/a/b", Code.HUB_LINK_NOT_MODEL),
        ("https://huggingface.co/meta-llama", Code.HUB_LINK_NO_MODEL),
        ("meta-llama", Code.HUB_LINK_NO_MODEL),
        ("llama3.2:3b", Code.HUB_LINK_OLLAMA_NAME),
        ("ollama run llama3.2", Code.HUB_LINK_OLLAMA_NAME),
        ("ollama run user/model", Code.HUB_LINK_OLLAMA_NAME),
    ],
)
def test_wrong_ones_are_explained(text: str, code: Code) -> None:
    with pytest.raises(ModelyardError) as caught:
        parse_link(text)
    assert caught.value.code is code


@given(st.text(max_size=200))
def test_any_text_gives_a_link_or_a_coded_error(text: str) -> None:
    try:
        link = parse_link(text)
    except ModelyardError:
        return
    assert is_repository_id(link.id)


PART = st.from_regex(r"[A-Za-z0-9_](?:[A-Za-z0-9._]{0,20}[A-Za-z0-9_])?", fullmatch=True).filter(
    lambda part: ".." not in part and not part.endswith((".git", ".GIT"))
)


@given(PART, PART, st.sampled_from(["", "Q4_K_M", "IQ3_XXS"]))
def test_names_survive_each_way_of_writing_them(owner: str, name: str, size: str) -> None:
    repository, tag = f"{owner}/{name}", f":{size}" if size else ""
    if not is_repository_id(repository) or owner.lower() in ("datasets", "spaces", "docs", "models", "api", "hf"):
        return
    for written in (f"https://huggingface.co/{repository}{tag}", f"ollama run hf.co/{repository}{tag}"):
        link = parse_link(written)
        assert (link.id, link.size_tag) == (repository, size)
