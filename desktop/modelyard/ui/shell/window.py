"""The main window: the rail, the views (built when first shown), dropping anywhere, notices."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from ... import APP_NAME, RELEASES_PAGE
from ...engines.base import InstalledModel
from ...errors import Action, ModelyardError
from ...importing.jobs import JobState
from ..context import Context
from ..routes import Place
from ..widgets.ask import ask
from ..widgets.layout import column, row
from .banner import Banners
from .crash_dialog import CrashDialog
from .drop import DropOverlay, dropped_text
from .going_on import GoingOn, Works
from .page import Page
from .rail import Rail
from .toast import Toast

_USUAL = QSize(1180, 780)
_SMALLEST = QSize(880, 600)  # smaller only where the screen is
_TITLE_BAR = 40  # what a window manager puts above, roughly

PageMaker = Callable[[], QWidget]


# Views beside those of the rail, and which of the rail's they belong to.
_BESIDE = {"wizard": Place.IMPORTS, "welcome": Place.CHAT, "selfcheck": Place.SETTINGS}


class MainWindow(QMainWindow):
    """Attributes: context; makers, how to build each view when it is first shown.

    "welcome", "wizard" and "selfcheck" are views beside those of the rail.
    """

    def __init__(self, context: Context, makers: Mapping[str, PageMaker]) -> None:
        super().__init__()
        self.context = context
        self._makers = makers
        self._pages: dict[str, QWidget] = {}
        self._subject = ""
        self.setAcceptDrops(True)
        self._rail = Rail(context.icons, self)
        self._stack = QStackedWidget()
        self._stack.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        shell = QWidget()
        shell.setObjectName("shell")
        self._banners = Banners(context.icons)
        pages = column(self._banners, self._stack, spacing=0)
        pages.setStretch(1, 1)
        shell.setLayout(row(self._rail, pages, spacing=0))
        shell.layout().setStretch(1, 1)
        self.setCentralWidget(shell)
        self._overlay = DropOverlay(self, context.icons)
        self._toast = Toast(self, context.icons)
        self._rail.chosen.connect(self.go)
        routes = context.routes
        routes.go.connect(self.go)
        routes.import_text.connect(self.import_text)
        routes.chat_with.connect(self.chat_with)
        routes.publish.connect(self.publish)
        routes.toast.connect(self._toast.say)
        routes.mend.connect(self.mend)
        routes.titled.connect(self._take_subject)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self, self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.HelpContents), self, lambda: self.go("selfcheck"))
        self._restore_place()

    # --- views -------------------------------------------------------------------------------------------------
    def page(self, name: str) -> QWidget:
        """The view of that name, built now if it was not yet shown."""
        if name not in self._pages:
            page = self._makers[name]()
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    @property
    def current(self) -> str:
        shown = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is shown), "")

    def go(self, place: Place | str) -> None:
        page = self.page(str(place))
        self._stack.setCurrentWidget(page)
        self._rail.mark(_BESIDE[place] if place in _BESIDE else Place(place))
        if isinstance(page, Page):
            page.refresh()
        self._entitle()
        page.setFocus()
        if not page.isAncestorOf(self.focusWidget() or self):
            self._stack.setFocus()  # Tab then goes to the page's first control

    def _take_subject(self, subject: str) -> None:
        self._subject = subject
        self._entitle()

    def _entitle(self) -> None:
        subject = self._subject if self.current == Place.CHAT else ""
        self.setWindowTitle(f"{subject} – {APP_NAME}" if subject else APP_NAME)

    def import_text(self, text: str) -> None:
        """Opens the wizard; with a path or link it goes straight to the check card."""
        self.go("wizard")
        self.page("wizard").begin(text)

    def chat_with(self, engine: str, model: str) -> None:
        self.go(Place.CHAT)
        self.page(Place.CHAT.value).new_conversation(engine, model)

    def publish(self, model: InstalledModel) -> None:
        self.go(Place.MODELS)
        self.page(Place.MODELS.value).show_publish(model)

    def mend(self, action: Action, error: ModelyardError) -> None:
        """What an error's button does when the page that shows it cannot do it itself."""
        match action:
            case Action.OPEN_PAGE | Action.GET_OLLAMA:
                address = QUrl(str(error.fields.get("url") or "https://ollama.com/download"))
                if address.scheme() == "https":
                    QDesktopServices.openUrl(address)
            case Action.OPEN_SETTINGS | Action.OPEN_ACCOUNT | Action.CHOOSE_FOLDER | Action.START_OLLAMA:
                self.go(Place.SETTINGS)
                self.page(Place.SETTINGS.value).show_for(action, error)
            case Action.FREE_SPACE:
                self.go(Place.MODELS)
                self.page(Place.MODELS.value).show_free_space()
            case Action.CHOOSE_OTHER:
                self.import_text("")
            case _:
                self.go(self.current or Place.CHAT)

    def say_what_happened(self) -> None:
        """What the last run left behind: interrupted imports, a damaged settings file."""
        damaged = self.context.services.settings.damaged
        if damaged is not None:
            self._banners.say(self.context.words.warning("settings_damaged", {"name": damaged.name}))
        left = [job for job in self.context.jobs.all() if job.state is JobState.INTERRUPTED]
        if len(left) == 1:
            text = self.tr("The import of {name} was interrupted. What is done is kept.").format(name=left[0].title)
            self._banners.say(text, self.tr("Go on"), lambda: self._go_on_with(left[0].id))
        elif left:
            text = self.tr("{n} imports were interrupted. What is done is kept.").format(n=len(left))
            self._banners.say(text, self.tr("Show"), lambda: self.go(Place.IMPORTS))

    def say_crashed(self, report: str) -> None:
        """The last run ended in native code, without a word."""
        words = self.tr("Modelyard ended unexpectedly the last time. Nothing of yours is lost.")
        shown = self.context.services.redact(report)
        self._banners.say(words, self.tr("Show the report"), lambda: CrashDialog(self, shown).open())

    def say_newer(self, version: str) -> None:
        words = self.tr("Modelyard {version} is available.").format(version=version)
        self._banners.say(words, self.tr("Open the page"), lambda: QDesktopServices.openUrl(QUrl(RELEASES_PAGE)))

    def _go_on_with(self, job_id: str) -> None:
        self.go(Place.IMPORTS)
        self.context.jobs.go_on(job_id)

    # --- dropping ------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_text(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._overlay.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        text = dropped_text(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if text:
            self.activateWindow()  # the next keys belong here, not to the window it was dragged from
            self.import_text(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._overlay.isVisible():
            self._overlay.cover()

    # --- leaving -------------------------------------------------------------------------------------------------
    def closeEvent(self, event: QCloseEvent) -> None:
        going_on = self._going_on()
        if going_on and not self._may_close(going_on):
            event.ignore()
            return
        place = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        try:
            self.context.services.settings.set("window", place)
        except OSError:
            pass  # the place of the window is not worth a word on a full disk
        self.close_pages()
        event.accept()

    def close_pages(self) -> None:
        """Lets every page end what it does (an answer that is being written, a call that waits)."""
        for page in self._pages.values():
            page.close()

    def leave(self) -> None:
        """Goes away without asking: another window takes over (the language changed)."""
        self.close_pages()
        self.hide()
        self.deleteLater()

    def _going_on(self) -> list[GoingOn]:
        """The long work that closing would stop."""
        found = []
        if self.context.jobs.busy:
            what = self.tr("An import is still running.")
            then = self.tr("If you close Modelyard now, it stops and goes on the next time you start it.")
            found.append(GoingOn(what, then))
        return found + self.pages_at_work()

    def pages_at_work(self) -> list[GoingOn]:
        """Long work that would end with this window (imports would not)."""
        return [each for page in self._pages.values() if isinstance(page, Works) for each in page.going_on()]

    def say_language_later(self) -> None:
        self._toast.say(self.tr("The language changes at the next start: something is still being sent or fetched."))

    def _may_close(self, going_on: list[GoingOn]) -> bool:
        question = " ".join(each.what for each in going_on)
        text = "\n".join(each.then for each in going_on)
        return ask(self, question, text, self.tr("Close and go on later"), self.tr("Keep working"))

    def _restore_place(self) -> None:
        room = self.screen().availableGeometry().size() - QSize(0, _TITLE_BAR)
        self.setMinimumSize(_SMALLEST.boundedTo(room))
        self.resize(_USUAL.boundedTo(room))
        place = self.context.services.settings.text("window")
        try:
            self.restoreGeometry(QByteArray(base64.b64decode(place, validate=True)))
        except ValueError:
            pass  # a damaged value: the usual size
