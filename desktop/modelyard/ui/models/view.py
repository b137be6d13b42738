"""The Models view: the list, and the two pages one goes to from it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget

from ...engines.base import InstalledModel
from ..context import Context
from ..shell.going_on import GoingOn
from ..shell.page import Page
from .list_page import ModelListPage

if TYPE_CHECKING:
    from ..publish.page import PublishPage
    from .free_space_page import FreeSpacePage

_SidePage = TypeVar("_SidePage", "FreeSpacePage", "PublishPage")


class ModelsView(QStackedWidget):
    """Attributes: list_page; free_space_page and publish_page, made when first needed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.list_page = ModelListPage(context)
        self.addWidget(self.list_page)
        self.list_page.free_space.connect(self.show_free_space)
        self.list_page.publish.connect(lambda entry: self.show_publish(entry.model))

    @cached_property
    def free_space_page(self) -> FreeSpacePage:
        from .free_space_page import FreeSpacePage

        return self._side_page(FreeSpacePage(self._context))

    @cached_property
    def publish_page(self) -> PublishPage:
        from ..publish.page import PublishPage

        return self._side_page(PublishPage(self._context))

    def _side_page(self, page: _SidePage) -> _SidePage:
        page.left.connect(self.show_list)
        self.addWidget(page)
        return page

    def show_list(self) -> None:
        self._show(self.list_page)
        self.list_page.list.setFocus()

    def show_free_space(self) -> None:
        self._show(self.free_space_page)

    def show_publish(self, model: InstalledModel) -> None:
        self.publish_page.begin(model)
        self._show(self.publish_page)

    def going_on(self) -> list[GoingOn]:
        """A fetch from Ollama's library, an upload."""
        found = []
        if self.list_page.pull_card.busy:
            what = self.tr("A model is still being fetched from the Ollama library.")
            then = self.tr("What came so far stays; getting the same name again goes on there.")
            found.append(GoingOn(what, then))
        if "publish_page" in self.__dict__ and self.publish_page.sending:
            what = self.tr("A model is still being published.")
            then = self.tr("What was uploaded stays there and is not sent again when you publish it once more.")
            found.append(GoingOn(what, then))
        return found

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
        for number in range(self.count()):
            self.widget(number).close()
        super().closeEvent(event)
