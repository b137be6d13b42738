"""The window's application: start, look, language, the last net under every fault.

Nothing heavy may be imported from here before the first paint (tests/ui/test_start.py).
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QThreadPool, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from .. import APP_ID, APP_NAME, __version__
from ..errors import Code, ModelyardError
from ..host.folders import resources_folder
from ..host.proxy_login import split_password
from ..words.catalogue import catalogue
from .background import in_background
from .chat.answers import Answers
from .context import Context
from .design.theme import Theme
from .first_paint import after_first_paint
from .i18n import Translations, chosen_language
from .jobs import Jobs
from .manners.fault_report import fault_report
from .manners.job_manners import JobManners
from .manners.opened_files import Application
from .manners.single_instance import SingleInstance, hand_over, meeting_place
from .manners.update_check import UpdateCheck
from .pages import load_pages, page_makers
from .routes import Place, Routes
from .services import Services
from .shell.fault import FaultPanel
from .shell.window import MainWindow

_log = logging.getLogger(__name__)
_LOAD_PAGES_MS = 600  # the view that is shown comes first


@dataclass(frozen=True)
class Opening:
    """What to show first: a path or link to import, or nothing. `crashed`: how the last run ended, if it was bad."""

    text: str = ""
    crashed: str = ""


def make_application(arguments: Sequence[str]) -> Application:
    """The QApplication, set up; call once."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = Application(list(arguments))
    app.setApplicationName(APP_NAME)
    app.setApplicationDisplayName(APP_NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName(APP_ID)
    app.setWindowIcon(QIcon(str(resources_folder() / "icons" / "modelyard.svg")))
    QThreadPool.globalInstance().setMaxThreadCount(8)  # short calls, some of which wait for a network
    return app


class Desktop(QObject):
    """Owns theme, translations, jobs and the window; makes the window anew when the language changes."""

    def __init__(self, app: QApplication, services: Services) -> None:
        super().__init__(app)
        self._app = app
        self._services = services
        settings = services.settings
        resources = resources_folder()
        self._translations = Translations(app, resources / "i18n")
        self._language = self._speak()
        self.theme = Theme(app, resources, settings.text("look"), float(settings.get("text_scale")))
        self.jobs = Jobs(services, self)
        self._answers = Answers(services, self)
        self.window = self._make_window()
        self._manners = JobManners(services, self.jobs, lambda: self.window, self)
        self._updates = UpdateCheck(settings, services.tools.newer_release, self)
        self._updates.found.connect(lambda version: self.window.say_newer(version))
        settings.watch(self._setting_changed)

    def _speak(self) -> str:
        """Speaks the chosen language from now on; returns it."""
        language = chosen_language(self._services.settings.text("language"))
        self._translations.use(language)
        return language

    def _make_window(self) -> MainWindow:
        context = Context(self._services, self.theme, catalogue(self._language), Routes(self), self.jobs, self._answers)
        return MainWindow(context, page_makers(context))

    def open(self, opening: Opening) -> None:
        """Shows the window on its first view."""
        if opening.text:
            self.window.import_text(opening.text)
        elif self._services.settings.flag("welcomed"):
            self.window.go(Place.CHAT)
        else:
            self.window.go("welcome")
        self.window.say_what_happened()
        if opening.crashed:
            self.window.say_crashed(fault_report(opening.crashed))
        after_first_paint(self.window, self._settle_proxy_password)
        after_first_paint(self.window, lambda: QTimer.singleShot(_LOAD_PAGES_MS, self, self._load_pages))
        self.window.show()

    def _load_pages(self) -> None:
        in_background(self, lambda _token: load_pages(), lambda _done: None, lambda _error: None)

    def _settle_proxy_password(self) -> None:
        """An older version kept it in the settings."""
        login = self._services.tools.proxy_login
        if split_password(self._services.settings.text("proxy_address"))[1] is not None:
            in_background(self, lambda _token: login.settle(), lambda _place: None, self.show_fault)

    def come_forward(self, text: str) -> None:
        """A second start handed over what it was asked to open."""
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if text:
            self.window.import_text(text)

    def show_fault(self, error: ModelyardError) -> None:
        FaultPanel(self.window, self.window.context, error)

    def close(self) -> None:
        self.jobs.close()
        self._answers.close()
        self._manners.close()
        self._translations.unload()
        QThreadPool.globalInstance().waitForDone(3000)

    def _setting_changed(self, key: str) -> None:
        match key:
            case "look":
                self.theme.set_look(self._services.settings.text("look"))
            case "text_scale":
                self.theme.set_text_scale(float(self._services.settings.get("text_scale")))
            case "language":
                QTimer.singleShot(0, self, self._speak_anew)

    def _speak_anew(self) -> None:
        """A new window, in the other language; what a page works on by itself must not end with the old one."""
        old = self.window
        if old.pages_at_work():
            old.say_language_later()
            return
        self._language = self._speak()
        self.theme.apply()  # the font's marks follow the language
        self.window = self._make_window()
        self.window.setGeometry(old.geometry())
        self.window.go(old.current or Place.CHAT)
        self.window.show()
        old.leave()


class _LastNet:
    """sys.excepthook while the window runs: logs, then tells the person."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop

    def __call__(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, value, trace))
        _log.error("unexpected: %s", text)
        if isinstance(value, KeyboardInterrupt):
            self._desktop.window.close()
            return
        error = value if isinstance(value, ModelyardError) else ModelyardError(Code.INTERNAL, detail=fault_report(text))
        self._desktop.show_fault(error)


def run_window(services: Services, opening: Opening, arguments: Sequence[str] = ("modelyard",)) -> int:
    """Shows the window until it is closed. Returns the exit status."""
    app = make_application(arguments)
    name = meeting_place(services.folders.root)
    if hand_over(name, opening.text):
        return 0
    desktop = Desktop(app, services)
    instance = SingleInstance(name, desktop)
    instance.asked.connect(desktop.come_forward)
    app.asked.connect(desktop.come_forward)
    sys.excepthook = _LastNet(desktop)
    desktop.open(opening)
    status = app.exec()
    instance.close()
    desktop.close()
    return status
