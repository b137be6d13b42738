"""The wizard's frame: one page at a time, Back and Next, Escape. The pages hold the answers in one draft."""

from __future__ import annotations

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


class ImportWizard(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self._draft = Draft()
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
        if not text and self._page in (self._check, self._role):
            return
        self._fresh()
        if text:
            self._draft.text = text
            self._show(self._check)

    def closeEvent(self, event: object) -> None:
        for page in self._pages:
            page.stop()

    # --- pages -------------------------------------------------------------------------------------------------
    @property
    def _page(self) -> WizardPage:
        page = self._stack.currentWidget()
        assert isinstance(page, WizardPage)
        return page

    def _fresh(self) -> None:
        for old in [self._stack.widget(number) for number in range(self._stack.count())]:
            if isinstance(old, WizardPage):
                old.stop()
            self._stack.removeWidget(old)
            old.deleteLater()
        self._draft = Draft()
        self._source = SourcePage(self._context, self._draft)
        self._check = CheckPage(self._context, self._draft)
        self._role = RolePage(self._context, self._draft)
        self._progress = ProgressPage(self._context, self._draft)
        self._done = DonePage(self._context, self._draft)
        self._pages: list[WizardPage] = [self._source, self._check, self._role, self._progress, self._done]
        for page in self._pages:
            self._stack.addWidget(page)
            page.valid_changed.connect(self._update)
            page.backward.connect(self._go_back)
        self._source.forward.connect(lambda: self._show(self._check))
        self._role.forward.connect(self._start)
        self._progress.ended.connect(self._finished)
        self._progress.left.connect(lambda: self._context.routes.go.emit(Place.IMPORTS))
        self._done.again.connect(lambda: self.begin(""))
        self._show(self._source)

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
        number = self._pages.index(page)
        self._trail.setText(self.tr("Step {n} of {count}").format(n=number + 1, count=3) if number < 3 else "")

    def _go_next(self) -> None:
        page = self._page
        if not (page.has_next and page.valid):
            return
        if page is self._check and self._check.ask_for_file():
            page.leave()
            self._show(self._role)
        elif page is self._role:
            self._role.confirm()

    def _go_back(self) -> None:
        page = self._page
        if page is self._check:
            self._check.stop()
            self._show(self._source)
        elif page is self._role:
            self._role.leave()
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
