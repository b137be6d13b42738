"""While imports run: the computer stays awake, the taskbar shows how far, and the end is told."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from ... import APP_ID, APP_NAME
from ...errors import ModelyardError
from ...events import CancelToken, Event, Kind
from ...host.awake import Awake
from ...host.notices import notify_desktop
from ...importing.jobs import Job, JobState
from ..background import in_background
from ..importing.job_error import error_of_job
from ..jobs import Jobs
from ..services import Services
from ..shell.window import MainWindow
from .taskbar import Taskbar

Notify = Callable[[str, str], bool]


class JobManners(QObject):
    """Lives as long as the program. `window` gives the window of the moment; `notify` tells the desktop."""

    def __init__(
        self,
        services: Services,
        jobs: Jobs,
        window: Callable[[], MainWindow],
        parent: QObject,
        notify: Notify | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = services.settings
        self._jobs = jobs
        self._window = window
        self._notify = notify or (lambda title, text: notify_desktop(title, text, APP_NAME, APP_ID))
        self._awake = Awake()
        self._taskbar = Taskbar()
        self._tray: QSystemTrayIcon | None = None
        jobs.changed.connect(self._changed)
        jobs.event.connect(self._follow)

    def close(self) -> None:
        self._awake.release()
        self._taskbar.clear()
        if self._tray is not None:
            self._tray.hide()

    def _changed(self, job: Job) -> None:
        if job.state is JobState.RUNNING and self._settings.flag("keep_awake"):
            self._awake.hold()
        if not any(each.state is JobState.RUNNING for each in self._jobs.all()):
            self._awake.release()
            self._taskbar.clear()
        if job.state is JobState.DONE:
            self._say(self.tr("{name} is ready").format(name=job.title), self.tr("You can talk to it now."))
        elif job.state is JobState.FAILED:
            words = self._window().context.words.error(error_of_job(job))
            self._say(self.tr("{name} was not imported").format(name=job.title), words.title)

    def _follow(self, _job_id: str, event: Event) -> None:
        total = event.fields.get("total") if event.kind is Kind.PROGRESS else None
        if isinstance(total, (int, float)) and total > 0:
            self._taskbar.show(float(event.fields.get("done", 0)) / total, int(self._window().winId()))

    # --- telling -------------------------------------------------------------------------------------------------

    def _say(self, title: str, text: str) -> None:
        """Not while the person is looking at the window anyway."""
        if QApplication.activeWindow() is not None or not self._settings.flag("notify"):
            return
        notify = self._notify

        def tell(_token: CancelToken) -> bool:
            return notify(title, text)

        in_background(self, tell, lambda told: None if told else self._say_in_tray(title, text), self._ignore)

    def _ignore(self, _error: ModelyardError) -> None:
        """A notification is never worth an error."""

    def _say_in_tray(self, title: str, text: str) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.setToolTip(APP_NAME)
            self._tray.messageClicked.connect(self._come_forward)
            self._tray.activated.connect(lambda _reason: self._come_forward())
        self._tray.show()
        self._tray.showMessage(title, text)

    def _come_forward(self) -> None:
        window = self._window()
        window.show()
        window.raise_()
        window.activateWindow()
        if self._tray is not None:
            self._tray.hide()
