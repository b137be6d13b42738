"""Secrets do not show themselves; where a key is looked for; what is taken out of text."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from modelyard.errors import Code, ModelyardError
from modelyard.host.redact import redact
from modelyard.host.secrets import AccessKeys, Place, Secret, SessionStore, secret_from_text

KEY = "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{:>50}".format, "%s".__mod__, lambda s: f"{s!r} {s!s} {s}"])
def test_it_does_not_print(show: object) -> None:
    assert callable(show)
    assert KEY not in show(Secret(KEY)) and KEY[3:] not in show([Secret(KEY)] if show is repr else Secret(KEY))


def test_it_does_not_travel() -> None:
    secret = Secret(KEY)
    for carry in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars):
        with pytest.raises(TypeError):
            carry(secret)
    assert not hasattr(secret, "__dict__")


def test_it_compares_and_reveals() -> None:
    assert Secret(KEY) == Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert Secret(KEY).reveal() == KEY
    assert len({Secret(KEY), Secret(KEY), Secret("other")}) == 2


def test_it_does_not_show_in_errors_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("key %s in %r", Secret(KEY), {"key": Secret(KEY)})
    assert KEY not in caplog.text


@pytest.mark.parametrize("text", [f"  {KEY}\n", f'"{KEY}"', KEY])
def test_a_pasted_key(text: str) -> None:
    assert secret_from_text(text).reveal() == KEY


@pytest.mark.parametrize("text", ["", "  ", "hf_", "two words of text", "密钥密钥密钥密钥", "x" * 600, "hf_a\nb" + KEY])
def test_not_a_key(text: str) -> None:
    with pytest.raises(ModelyardError) as caught:
        secret_from_text(text)
    assert caught.value.code is Code.SECRET_INVALID
    assert not caught.value.fields  # nothing of what was pasted


class BrokenStore:
    def __init__(self, code: Code) -> None:
        self.code = code

    def get(self, account: str) -> Secret | None:
        raise ModelyardError(self.code)

    def set(self, account: str, secret: Secret) -> None:
        raise ModelyardError(self.code)

    def forget(self, account: str) -> None:
        raise ModelyardError(self.code)


def test_where_a_key_is_found() -> None:
    keyring = SessionStore()
    keys = AccessKeys(keyring, {"HF_TOKEN": "hf_fromTheEnvironment1"})
    assert (found := keys.find("huggingface.co")) and found.place is Place.ENVIRONMENT
    assert keys.find("example.org") is None
    keyring.set("huggingface.co", Secret(KEY))
    assert (found := keys.find("huggingface.co")) and (found.place, found.secret) == (Place.KEYRING, Secret(KEY))
    keys.remember("huggingface.co", Secret("hf_forThisSession1"), session_only=True)
    assert (found := keys.find("huggingface.co")) and found.place is Place.SESSION
    assert keys.remember("huggingface.co", Secret(KEY)) is Place.KEYRING
    assert (found := keys.find("huggingface.co")) and found.place is Place.KEYRING
    keys.forget("huggingface.co")
    assert (found := keys.find("huggingface.co")) and found.place is Place.ENVIRONMENT


def test_the_environment_key_belongs_to_the_environment_endpoint() -> None:
    keys = AccessKeys(SessionStore(), {"HUGGING_FACE_HUB_TOKEN": KEY})
    assert keys.find("huggingface.co", default_host="my.hub") is None
    assert keys.find("my.hub", default_host="my.hub") is not None


def test_a_keyring_that_fails() -> None:
    locked = AccessKeys(BrokenStore(Code.KEYRING_LOCKED), {})
    assert locked.find("huggingface.co") is None  # what is public can be fetched all the same
    with pytest.raises(ModelyardError):
        locked.check("huggingface.co")
    with pytest.raises(ModelyardError):
        locked.remember("huggingface.co", Secret(KEY))
    with pytest.raises(ModelyardError):
        locked.forget("huggingface.co")
    AccessKeys(BrokenStore(Code.KEYRING_UNSAFE), {}).forget("huggingface.co")
    assert AccessKeys(BrokenStore(Code.KEYRING_LOCKED), {"HF_TOKEN": KEY}).find("huggingface.co") is not None


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        f"token={KEY}&x=1",
        f"cut off {KEY[:14]}",
        f"'{KEY}',",
        "https://user:pa55word@proxy.example:3128",
        "Bearer abcd.efgh-ijkl_mnop",
        "https://cdn.example/x?X-Amz-Signature=0123456789abcdef&Expires=1",
        "https://cdn.example/x?Signature=abc~def-ghi__&Key-Pair-Id=K",
        "api_org_AbCdEf123456",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    shown = redact(text)
    assert "[removed]" in shown
    for secret in (KEY[:14], "pa55word", "abcd.efgh", "0123456789abcdef", "abc~def", "AbCdEf123456", "eyJzdWIi"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    ["File hf_folder.py", "hf_hub_download failed", "HF_ENDPOINT=https://hf-mirror.com", "a/b:Q4_K_M", "模型 hf_"],
)
def test_words_stay(text: str) -> None:
    assert redact(text) == text
