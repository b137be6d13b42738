"""The wizard's frame: one page at a time, Back and Next, Escape. The pages hold the answers in one draft."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from ...errors import Code, ModelyardError
from ..context import Context
from ..design.tokens import Size, Space
from ..routes import Place
from ..widgets.buttons import button
from ..widgets.labels import Text
from ..widgets.layout import column, row
from .check_page import CheckPage
from .done_page import DonePage
from .draft import Draft
from .progress_page import ProgressPage
from .role_page import RolePage
from .source_page import SourcePage
from .wizard_page import WizardPage

PageT = TypeVar("PageT", bound=WizardPage)
_ASKING = (SourcePage, CheckPage, RolePage)  # the pages with questions, in their order


class ImportWizard(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self._draft = Draft()
        self._pages: dict[type[WizardPage], WizardPage] = {}
        self._stack = QStackedWidget()
        self._stack.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._trail = Text("", "caption", wrap=False)
        self._back = button(self.tr("Back"), self._go_back)
        context.icons.put(self._back, "back", "text", Size.ICON - 4)
        self._next = button(self.tr("Next"), self._go_next, "primary")
        self._leave = button(self.tr("Close"), self._close_wizard, "quiet")
        bar = QFrame()
        bar.setObjectName("bar")
        buttons = row(self._leave, None, self._trail, None, self._back, self._next, spacing=Space.M)
        buttons.setContentsMargins(Space.XL, Space.M, Space.XL, Space.M)
        bar.setLayout(buttons)
        self._bar = bar
        self.setLayout(column(self._stack, bar, spacing=0))
        self.layout().setStretch(0, 1)
        for keys, slot in (
            (QKeySequence(Qt.Key.Key_Escape), self._escape),
            (QKeySequence(QKeySequence.StandardKey.Back), self._go_back),
            (QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_Return), self._go_next),
        ):
            QShortcut(keys, self, slot, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._fresh()

    # --- from outside ------------------------------------------------------------------------------------------
    def begin(self, text: str) -> None:
        """Starts over; with a path or link straight at the check card. Without one a walk half done is kept."""
        if not text and isinstance(self._page, (CheckPage, RolePage)):
            self._page.come_back()
            return
        self._fresh()
        if text:
            self._draft.text = text
            self._show(self._check)

    def closeEvent(self, event: object) -> None:
        for page in self._pages.values():
            page.stop()

    # --- pages -------------------------------------------------------------------------------------------------
    @property
    def _page(self) -> WizardPage:
        page = self._stack.currentWidget()
        assert isinstance(page, WizardPage)
        return page

    def _fresh(self) -> None:
        for old in self._pages.values():
            old.stop()
            self._stack.removeWidget(old)
            old.deleteLater()
        self._draft = Draft()
        self._pages.clear()
        self._show(self._source)

    def _built(self, kind: type[PageT]) -> PageT:
        """The page of that kind for this walk, made when it is first needed."""
        page = self._pages.get(kind)
        if page is None:
            page = self._pages[kind] = kind(self._context, self._draft)
            self._stack.addWidget(page)
            page.valid_changed.connect(self._update)
            page.backward.connect(self._go_back)
            match page:
                case SourcePage():
                    page.forward.connect(lambda: self._show(self._check))
                case RolePage():
                    page.forward.connect(self._start)
                case ProgressPage():
                    page.ended.connect(self._finished)
                    page.left.connect(lambda: self._context.routes.go.emit(Place.IMPORTS))
                case DonePage():
                    page.again.connect(lambda: self.begin(""))
        assert isinstance(page, kind)
        return page

    @property
    def _source(self) -> SourcePage:
        return self._built(SourcePage)

    @property
    def _check(self) -> CheckPage:
        return self._built(CheckPage)

    @property
    def _role(self) -> RolePage:
        return self._built(RolePage)

    @property
    def _progress(self) -> ProgressPage:
        return self._built(ProgressPage)

    @property
    def _done(self) -> DonePage:
        return self._built(DonePage)

    def _show(self, page: WizardPage) -> None:
        self._stack.setCurrentWidget(page)
        page.enter()
        self._update()

    def _update(self) -> None:
        page = self._page
        self._bar.setVisible(page.has_next or page.has_back)
        self._back.setVisible(page.has_back)
        self._next.setVisible(page.has_next)
        self._next.setEnabled(page.valid)
        self._next.setText(page.next_label or self.tr("Next"))
        if page.has_next and page.valid and not page.isAncestorOf(self.window().focusWidget() or self):
            self._next.setFocus()
        if not self.isAncestorOf(self.window().focusWidget() or self.window()):
            self._stack.setFocus()  # what had the focus is gone; not the rail, but this page comes next
        number = _ASKING.index(type(page)) + 1 if type(page) in _ASKING else 0
        self._trail.setText(self.tr("Step {n} of {count}").format(n=number, count=len(_ASKING)) if number else "")

    def _go_next(self) -> None:
        page = self._page
        if not (page.has_next and page.valid):
            return
        if isinstance(page, CheckPage) and page.ask_for_file():
            page.leave()
            self._show(self._role)
        elif isinstance(page, RolePage):
            page.confirm()

    def _go_back(self) -> None:
        page = self._page
        if isinstance(page, CheckPage):
            page.stop()
            self._show(self._source)
        elif isinstance(page, RolePage):
            page.leave()
            self._show(self._check)

    def _escape(self) -> None:
        if self._page.has_back:
            self._go_back()
        else:
            self._close_wizard()

    def _close_wizard(self) -> None:
        self._fresh()
        self._context.routes.go.emit(Place.IMPORTS if self._context.jobs.all() else Place.CHAT)

    # --- the job -----------------------------------------------------------------------------------------------
    def _start(self) -> None:
        plan, inspection = self._draft.plan, self._draft.inspection
        assert plan is not None and inspection is not None
        title = plan.choice.display_name or inspection.title
        try:
            job = self._context.jobs.start(title, plan)
        except OSError as error:
            folder = str(self._context.services.folders.jobs)
            self._role.states.show_error(ModelyardError(Code.FOLDER_NOT_WRITABLE, folder=folder, detail=str(error)))
            return
        self._draft.job_id = job.id
        self._show(self._progress)

    def _finished(self) -> None:
        self._context.routes.models_changed.emit()
        self._show(self._done)
