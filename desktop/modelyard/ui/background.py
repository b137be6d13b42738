"""Short blocking calls off the window's thread: one call, one ending (`done` or `failed`), back on the window's thread.

Long work that must be killable is a job (ui/jobs.py); streams have a thread of their own (ui/chat/stream.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from ..errors import Cancelled, Code, ModelyardError
from ..events import CancelToken

T = TypeVar("T")


class Call(QObject):
    """A running call. `cancel()` lets it go: its result will not be delivered. So does the end of its owner.

    It belongs to nobody, so that nothing deletes it while the thread still speaks to it; it lives until its ending
    has come back to the window's thread.

    Signals (window's thread): done(result), failed(ModelyardError).
    """

    done = Signal(object)
    failed = Signal(object)
    _ended = Signal(bool, object)
    _alive: ClassVar[set[Call]] = set()

    def __init__(self, owner: QObject) -> None:
        super().__init__()
        self.token = CancelToken()
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        owner.destroyed.connect(self.cancel)
        self._alive.add(self)

    def cancel(self) -> None:
        self.token.cancel()

    def _deliver(self, good: bool, value: object) -> None:
        self._alive.discard(self)
        if good and not self.token.cancelled:
            self.done.emit(value)
        elif isinstance(value, ModelyardError) and not self.token.cancelled:
            self.failed.emit(value)


class _Runner(QRunnable):
    def __init__(self, call: Call, work: Callable[[CancelToken], object]) -> None:
        super().__init__()
        self._call = call
        self._work = work
        self._token = call.token

    def run(self) -> None:
        try:
            outcome: tuple[bool, object] = (True, self._work(self._token))
        except Cancelled:
            outcome = (False, None)
        except ModelyardError as error:
            outcome = (False, error)
        except Exception as error:  # a fault of ours must reach the person, not vanish in a pool
            outcome = (False, ModelyardError(Code.INTERNAL, detail=f"{type(error).__name__}: {error}"))
        self._call._ended.emit(*outcome)


def in_background(
    owner: QObject,
    work: Callable[[CancelToken], T],
    done: Callable[[T], None],
    failed: Callable[[ModelyardError], None],
    pool: QThreadPool | None = None,
) -> Call:
    """Runs `work` in the pool (the common one, or a lane of its own for calls that must keep their order). If `owner`
    dies meanwhile, nothing is delivered."""
    call = Call(owner)
    call.done.connect(done)
    call.failed.connect(failed)
    (pool or QThreadPool.globalInstance()).start(_Runner(call, work))
    return call
