"""The password of a proxy: never in the settings, back in the address only where a connection is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import Code, ModelyardError
from modelyard.host.proxy_login import ProxyLogin, split_password, with_password
from modelyard.host.redact import redact
from modelyard.host.secrets import AccessKeys, Place, Secret, SessionStore
from modelyard.host.settings import Settings


class Locked(SessionStore):
    def set(self, account: str, secret: Secret) -> None:
        raise ModelyardError(Code.KEYRING_LOCKED)


@pytest.mark.parametrize(
    ("typed", "kept", "password"),
    [
        ("http://127.0.0.1:7890", "http://127.0.0.1:7890", None),
        ("http://lin@proxy:3128", "http://lin@proxy:3128", None),
        ("http://lin:s3cret@proxy:3128", "http://lin@proxy:3128", "s3cret"),
        ("lin:s3cret@proxy:3128", "lin@proxy:3128", "s3cret"),
        ("socks5://lin:a@b:c/d@1.2.3.4:1080", "socks5://lin@1.2.3.4:1080", "a@b:c/d"),
        ("", "", None),
    ],
)
def test_split(typed: str, kept: str, password: str | None) -> None:
    address, found = split_password(typed)
    assert address == kept
    assert (found.reveal() if found else None) == password


def test_what_would_break_an_address_is_written_otherwise() -> None:
    assert with_password("http://lin@proxy:1", Secret("a@b:c/d?")) == "http://lin:a%40b%3Ac%2Fd%3F@proxy:1"
    assert with_password("http://lin@proxy:1", Secret("a%40b")) == "http://lin:a%40b@proxy:1"


def test_logs_never_show_it() -> None:
    for address in ("http://lin@proxy:1", "lin@proxy:1"):
        assert "s3cret" not in redact(f"Network(proxy={with_password(address, Secret('s3cret'))!r})")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x4FFF), min_size=1, max_size=40))
def test_no_password_stays_in_what_is_kept(password: str) -> None:
    address, found = split_password(f"http://lin:{password}@proxy.example:3128")
    assert split_password(address)[1] is None and found is not None
    assert address.startswith("http://lin@") or "://" in password


def login(tmp_path: Path, keyring: SessionStore, **values: str) -> ProxyLogin:
    (tmp_path / "settings.json").write_text(json.dumps(values), encoding="utf-8")
    return ProxyLogin(Settings(tmp_path / "settings.json"), AccessKeys(keyring, {}))


def test_an_old_password_moves_into_the_keyring(tmp_path: Path) -> None:
    keyring = SessionStore()
    old = login(tmp_path, keyring, proxy="address", proxy_address="http://lin:s3cret@proxy:3128")
    assert old.settle() is Place.KEYRING
    assert "s3cret" not in (tmp_path / "settings.json").read_text(encoding="utf-8")
    assert [each.reveal() for each in keyring.all().values()] == ["s3cret"]
    assert old.settle() is None
    fresh = ProxyLogin(Settings(tmp_path / "settings.json"), AccessKeys(keyring, {}))
    assert fresh.address() == "http://lin:s3cret@proxy:3128"


def test_without_a_keyring_it_is_held_for_the_session_and_for_children(tmp_path: Path) -> None:
    login_here = login(tmp_path, Locked(), proxy="address", proxy_address="http://lin:pw@proxy:3128")
    assert login_here.address() == "http://lin:pw@proxy:3128"
    assert "pw" not in (tmp_path / "settings.json").read_text(encoding="utf-8")
    child = AccessKeys(Locked(), {})
    child.take_over(login_here.keys.not_in_keyring())
    assert ProxyLogin(Settings(tmp_path / "settings.json"), child).address() == "http://lin:pw@proxy:3128"


def test_no_login_asks_no_keyring(tmp_path: Path) -> None:
    class Never(SessionStore):
        def get(self, account: str) -> Secret | None:
            raise AssertionError("asked")

    assert login(tmp_path, Never(), proxy="none", proxy_address="http://lin@x:1").address() == "none"
    assert login(tmp_path, Never(), proxy="address", proxy_address="http://x:1").address() == "http://x:1"


def test_the_settings_refuse_a_password(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    with pytest.raises(ValueError) as caught:
        settings.set("proxy_address", "http://lin:s3cret@proxy:3128")
    assert "s3cret" not in str(caught.value)
    assert not (tmp_path / "settings.json").exists()
