"""Starting Ollama without a console window, and waiting for it with a way out. Nothing is ever ended here: the
server belongs to the person and goes on when this program closes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from ...errors import Code, ModelyardError
from ...events import CancelToken
from ...host.children import let_go, start_process
from .client import Connection
from .find import DOWNLOAD_PAGE, Installation
from .host_address import DEFAULT_PORT, Address, own_address
from .version import Version

WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.25
_NO_ANSWER = (Code.OLLAMA_STOPPED, Code.OLLAMA_UNREACHABLE, Code.OLLAMA_LOST)


def start_command(installation: Installation, platform: str, *, own_port: bool) -> Sequence[str]:
    """The app where there is one (it keeps the server running), hidden; else `ollama serve`.

    The app knows no address but its own settings, so another port needs `serve`. Raises OLLAMA_MISSING."""
    program, app = installation.program, installation.app
    if app is not None and not (own_port and program is not None):
        if platform == "darwin":
            return ("open", "-j", "-a", str(app), "--args", "--fast-startup")
        return (str(app), "--hide", "--fast-startup")
    if program is None:
        raise ModelyardError(Code.OLLAMA_MISSING, url=DOWNLOAD_PAGE)
    return (str(program), "serve")


def start(installation: Installation, connection: Connection, cancel: CancelToken) -> Version:
    """Starts it and waits until it answers. Raises OLLAMA_MISSING, OLLAMA_START_FAILED, Cancelled."""
    address = connection.address
    own_port = address.port != DEFAULT_PORT
    command = start_command(installation, sys.platform, own_port=own_port)
    try:
        process = start_process(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            extra={"OLLAMA_HOST": _listen_at(address)} if address != own_address() else None,
        )
    except OSError as error:
        raise ModelyardError(Code.OLLAMA_START_FAILED, detail=error.strerror or type(error).__name__) from error
    try:
        return _wait(process, connection, cancel, brief=command[-1] != "serve")
    finally:
        if process.poll() is None:
            let_go(process)


def _listen_at(address: Address) -> str:
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"


def _wait(process: subprocess.Popen[bytes], connection: Connection, cancel: CancelToken, *, brief: bool) -> Version:
    """`brief`: the started program hands over to another and ends by itself; that is no failure."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        cancel.check()
        try:
            return version_of(connection)
        except ModelyardError as error:
            if error.code not in _NO_ANSWER:
                raise
        code = process.poll()
        if code and not brief:
            raise ModelyardError(Code.OLLAMA_START_FAILED, detail=f"exit status {code}")
        cancel.wait(_POLL_SECONDS)
    raise ModelyardError(Code.OLLAMA_START_FAILED, detail=f"no answer in {WAIT_SECONDS:.0f} s")


def version_of(connection: Connection) -> Version:
    """Raises OLLAMA_STOPPED, OLLAMA_UNREACHABLE, OLLAMA_LOST, OLLAMA_NOT_OLLAMA: a proxy or another web server,
    whatever it says."""
    version: object = None
    try:
        version = connection.get("/api/version", seconds=5.0).get("version")
    except ModelyardError as error:
        if error.code in _NO_ANSWER:
            raise
    if not isinstance(version, str):
        raise ModelyardError(Code.OLLAMA_NOT_OLLAMA, address=connection.address.url)
    return Version(version)


def try_address(text: str) -> Version:
    """What the button "Test" does with an address a person typed. Raises as `version_of`, OLLAMA_ADDRESS_INVALID."""
    from .host_address import typed_address

    connection = Connection(typed_address(text))
    try:
        return version_of(connection)
    finally:
        connection.close()
