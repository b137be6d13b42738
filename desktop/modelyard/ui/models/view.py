"""The Models view: the list, and the two pages one goes to from it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget

from ..context import Context
from ..publish.page import PublishPage
from ..shell.page import Page
from .free_space_page import FreeSpacePage
from .library import Entry
from .list_page import ModelListPage


class ModelsView(QStackedWidget):
    """Attributes: list_page, free_space_page, publish_page."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.list_page = ModelListPage(context)
        self.free_space_page = FreeSpacePage(context)
        self.publish_page = PublishPage(context)
        for page in (self.list_page, self.free_space_page, self.publish_page):
            self.addWidget(page)
        self.list_page.free_space.connect(self.show_free_space)
        self.list_page.publish.connect(self.show_publish)
        for page in (self.free_space_page, self.publish_page):
            page.left.connect(self.show_list)

    def show_list(self) -> None:
        self._show(self.list_page)
        self.list_page.list.setFocus()

    def show_free_space(self) -> None:
        self._show(self.free_space_page)

    def show_publish(self, entry: Entry) -> None:
        self.publish_page.begin(entry.model)
        self._show(self.publish_page)

    def _show(self, page: Page) -> None:
        self.setCurrentWidget(page)
        page.setFocus()
        if self.isVisible():
            page.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        page = self.currentWidget()
        if isinstance(page, Page):
            page.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape, where no control wants it, leads back to the list."""
        if event.key() == Qt.Key.Key_Escape and self.currentWidget() is not self.list_page:
            self.show_list()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        for page in (self.list_page, self.publish_page):
            page.close()
        super().closeEvent(event)
