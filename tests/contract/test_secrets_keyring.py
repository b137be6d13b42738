"""The real keyring: gnome-keyring in a private D-Bus session, a child of the test (recipe: facts/qt.md §2)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.hub_server import ALICE

DRIVER = """
import json, sys
started = []
sys.addaudithook(lambda event, about: started.append(str(about[0])) if event == "subprocess.Popen" else None)
from modelyard.errors import ModelyardError
from modelyard.host.secrets import AccessKeys, Secret
from modelyard.host.secrets_keyring import KeyringStore, safe_backend
keys = AccessKeys(KeyringStore(), environment={})
key = sys.stdin.readline().strip()
def outcome(call):
    try:
        return call()
    except ModelyardError as error:
        return error.code.value
def found():
    key_there = keys.find("huggingface.co")
    return [key_there.place.value, key_there.secret.reveal() == key] if key_there else None
result = {
    "backend": outcome(lambda: type(safe_backend()).__module__),
    "first": outcome(found),
    "check": outcome(lambda: keys.check("huggingface.co")),
    "remember": outcome(lambda: keys.remember("huggingface.co", Secret(key)).value),
    "found": outcome(found),
    "other host": outcome(lambda: keys.find("example.org") is None),
}
if "keep" not in sys.argv:
    result["forget"] = outcome(lambda: keys.forget("huggingface.co"))
    result["after"] = outcome(found)
result["session"] = outcome(lambda: keys.remember("huggingface.co", Secret(key), session_only=True).value)
result["in session"] = outcome(found)
print(json.dumps(result | {"started": started}))
"""
SESSION = (
    'printf %s "$1" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1; exec "${@:2}"'
)
needs_keyring = pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="gnome-keyring and dbus-run-session are not installed",
)


def drive(home: Path, *arguments: str, password: str | None = None, **environment: str) -> dict[str, object]:
    """What the driver found, in a session of its own if a keyring password is given."""
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
    env |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), **environment}
    command = [sys.executable, "-c", DRIVER, *arguments]
    if password is not None:
        command = ["dbus-run-session", "--", "bash", "-c", SESSION, "session", password, *command]
    done = subprocess.run(command, env=env, input=ALICE + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    assert ALICE not in done.stdout + done.stderr
    result = dict(json.loads(done.stdout.splitlines()[-1]))
    assert not result.pop("started"), "the keyring library started programs"
    return result


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "keyring-home"
    home.mkdir(mode=0o700)
    return home


def no_file_holds_the_key(folder: Path) -> bool:
    return not any(ALICE.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.keyring
@needs_keyring
def test_remember_find_forget(home: Path) -> None:
    result = drive(home, password="right")
    assert result["backend"] == "keyring.backends.SecretService"
    assert result["first"] is None and result["remember"] == "keyring" and result["found"] == ["keyring", True]
    assert result["other host"] is True
    assert result["forget"] is None and result["after"] is None
    assert result["in session"] == ["session", True]
    assert no_file_holds_the_key(home)


@pytest.mark.keyring
@needs_keyring
def test_a_locked_keyring_is_told_apart(home: Path) -> None:
    assert drive(home, "keep", password="right")["found"] == ["keyring", True]
    result = drive(home, password="wrong")  # another session of the same person, the keyring stays locked
    assert result["first"] is None and result["found"] is None
    assert result["check"] == result["remember"] == result["forget"] == "keyring_locked"
    assert result["in session"] == ["session", True]
    assert no_file_holds_the_key(home)


def test_no_keyring_at_all(home: Path) -> None:
    result = drive(home)
    assert result["backend"] == result["check"] == result["remember"] == "keyring_missing"
    assert result["first"] is None and result["forget"] is None
    assert result["in session"] == ["session", True]


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "plaintext_keyring.PlaintextKeyring"])
def test_backends_that_keep_plain_text_or_nothing_are_refused(home: Path, tmp_path: Path, backend: str) -> None:
    (tmp_path / "plaintext_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class PlaintextKeyring(KeyringBackend):\n"
        "    priority = 1\n"
        "    kept = {}\n"
        "    def set_password(self, service, name, text): self.kept[service, name] = text\n"
        "    def get_password(self, service, name): return self.kept.get((service, name))\n"
        "    def delete_password(self, service, name): del self.kept[service, name]\n",
        encoding="utf-8",
    )
    result = drive(home, PYTHON_KEYRING_BACKEND=backend, PYTHONPATH=str(tmp_path))
    assert result["backend"] == result["check"] == result["remember"] == "keyring_unsafe"
    assert result["in session"] == ["session", True]
