"""Twins of what the settings and the self-check ask: a keyring, the Hub, an Ollama somewhere."""

from __future__ import annotations

from dataclasses import replace

from modelyard.errors import Code, ModelyardError
from modelyard.events import CancelToken
from modelyard.host.secrets import Place, Secret, secret_from_text
from modelyard.hub.values import Account
from modelyard.importing.access import KeyState, SourceReport
from modelyard.importing.checkup import Finding, Part
from modelyard.importing.inspection import Note
from modelyard.ui.services import Tools

HOST = "huggingface.co"


class TwinAccess:
    """`trouble`: what the keyring says to everything; `report`: what the download source says."""

    def __init__(self) -> None:
        self.kept = ""
        self.place: Place | None = None
        self.trouble: ModelyardError | None = None
        self.report: SourceReport | ModelyardError = SourceReport(HOST, 0.234, 12_000_000.0)
        self.account: Account | ModelyardError = Account("lin", "write", can_write=("lin", "studio"))

    def key_state(self) -> KeyState:
        return KeyState(HOST, self.place, self.trouble, f"https://{HOST}/settings/tokens")

    def keep_key(self, text: str, session_only: bool) -> KeyState:
        secret = secret_from_text(text)
        if self.trouble is not None and not session_only:
            raise self.trouble
        self.kept = secret.reveal()
        self.place = Place.SESSION if session_only else Place.KEYRING
        return self.key_state()

    def forget_key(self) -> KeyState:
        self.kept, self.place = "", None
        return self.key_state()

    def whose_key(self, _cancel: CancelToken) -> Account:
        if isinstance(self.account, ModelyardError):
            raise self.account
        return self.account

    def fastest_source(self) -> tuple[str, SourceReport]:
        return "hf-mirror", replace(self.test_source(), host="hf-mirror.com")

    def test_source(self) -> SourceReport:
        if isinstance(self.report, ModelyardError):
            raise self.report
        return self.report


class TwinCheckup:
    """What is wrong until somebody repairs it."""

    def __init__(self) -> None:
        low = ModelyardError(Code.DISK_FULL, folder="/home/lin", need_bytes=5_000_000_000, free_bytes=900_000_000)
        self.findings = [
            Finding(Part.ENGINE),
            Finding(Part.OLLAMA, note=Note("ollama_not_running"), repairable=True),
            Finding(Part.OLLAMA_ADDRESS, note=Note("ollama_host_odd", {"text": "localhost:abc"}), repairable=True),
            Finding(Part.DISK, low),
            Finding(Part.KEYRING, ModelyardError(Code.KEYRING_LOCKED), repairable=True),
            Finding(Part.PROXY, note=Note("proxy_swallows_loopback")),
        ]

    def look(self, _cancel: CancelToken) -> list[Finding]:
        return list(self.findings)

    def repair(self, findings: list[Finding], _cancel: CancelToken) -> list[Finding]:
        self.findings = [
            replace(each, error=None, note=None, repairable=False) if each.repairable else each for each in findings
        ]
        return self.findings


def try_ollama(text: str) -> str:
    if "nowhere" in text:
        raise ModelyardError(Code.OLLAMA_UNREACHABLE, address=text, detail="refused")
    return "0.40.2"


class TwinProxyLogin:
    """`safe`: there is a keyring."""

    def __init__(self) -> None:
        self.safe = True
        self.kept: dict[str, str] = {}

    def keep(self, address: str, password: Secret) -> Place:
        self.kept[address] = password.reveal()
        return Place.KEYRING if self.safe else Place.SESSION

    def settle(self) -> Place | None:
        return None


def tools(access: TwinAccess, checkup: TwinCheckup, login: TwinProxyLogin) -> Tools:
    return Tools(try_ollama, access, checkup, lambda: "", login)  # type: ignore[arg-type]
