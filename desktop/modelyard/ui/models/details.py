"""What is known about an installed model: facts, its role, parameters, template, licence and metadata; all to copy."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLayout,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from ...engines.base import ModelDetails
from ..context import Context
from ..design.tokens import Space
from ..figures import pages, parameter_count
from ..widgets.buttons import button
from ..widgets.facts import Facts
from ..widgets.fold import Fold
from ..widgets.labels import ElidedText, Text
from ..widgets.layout import ScrollPage, column, row
from .listing import shown_name
from .wording import ability_words, engine_name, size_words

_LONGEST_TEXT = 200_000
_LONGEST_CELL = 2000
_MOST_ROWS = 2000


class DetailsDialog(QDialog):
    def __init__(self, context: Context, details: ModelDetails, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        model = details.model
        self.setWindowTitle(shown_name(model))
        self.resize(720, 640)
        scroll = ScrollPage()
        body = scroll.body
        body.addWidget(Text(shown_name(model), "title", selectable=True))
        body.addWidget(Facts(self._facts(details)))
        for path in details.files:
            body.addLayout(self._file(str(path)))
        parameters = {name: _shown(value) for name, value in details.persona.parameters.items()}
        metadata = {name: _shown(value) for name, value in details.metadata.items()}
        for name, text, table in (
            (self.tr("Role and rules"), details.persona.system, {}),
            (self.tr("Parameters"), _lines(parameters), parameters),
            (self.tr("Chat template"), details.chat_template or details.persona.template, {}),
            (self.tr("Licence"), details.licence, {}),
            (self.tr("Metadata"), _lines(metadata), metadata),
        ):
            if text:
                body.addWidget(Fold(context.icons, name, self._section(name, text, table)))
        body.addStretch(1)
        close = button(self.tr("Close"), self.accept, "primary")
        close.setDefault(True)
        everything = button(self.tr("Copy all"), lambda: self._copy(self._everything(details)), "quiet")
        buttons = row(everything, None, close)
        buttons.setContentsMargins(Space.XL, Space.M, Space.XL, Space.L)
        self.setLayout(column(scroll, buttons, spacing=0))
        self.layout().setStretch(0, 1)
        close.setFocus()

    def _facts(self, details: ModelDetails) -> dict[str, str]:
        model, words = details.model, self._context.words
        tokens = model.context_length
        return {
            self.tr("Technical name"): model.name,
            self.tr("Engine"): engine_name(model.engine),
            self.tr("Family"): model.architecture,
            self.tr("Size of the network"): parameter_count(model.parameters),
            self.tr("Size & quality"): size_words(words, model),
            self.tr("On disk"): words.amount(model.size_bytes) if model.size_bytes else "",
            self.tr("Conversation memory"): pages(words, tokens),
            self.tr("Context length"): self.tr("{n} tokens").format(n=tokens) if tokens else "",
            self.tr("Can do"): ", ".join(ability_words(words, model)),
        }

    def _file(self, path: str) -> QLayout:
        folder = path.rpartition("/")[0] or path.rpartition("\\")[0]
        copy = button(self.tr("Copy path"), lambda: self._copy(path), "quiet")
        show = button(self.tr("Show in folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)), "quiet")
        line = row(ElidedText(path, "caption"), copy, show)
        line.setStretch(0, 1)
        return line

    def _section(self, name: str, text: str, table: Mapping[str, str]) -> QWidget:
        copy = button(self.tr("Copy"), lambda: self._copy(text), "quiet")
        copy.setAccessibleName(self.tr("Copy: {name}").format(name=name))
        holder = QWidget()
        shown = _table(name, table, (self.tr("Name"), self.tr("Value"))) if table else _box(name, text)
        holder.setLayout(column(shown, row(None, copy), spacing=0))
        return holder

    def _everything(self, details: ModelDetails) -> str:
        facts = {name: value for name, value in self._facts(details).items() if value}
        return "\n".join([_lines(facts), *map(str, details.files), "", _lines(details.metadata)])

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._context.routes.toast.emit(self.tr("Copied."))


def _shown(value: object) -> str:
    text = " · ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + " …"


def _lines(rows: Mapping[str, object]) -> str:
    return "\n".join(f"{name} = {_shown(value)}" for name, value in rows.items())


def _box(name: str, text: str) -> QPlainTextEdit:
    box = QPlainTextEdit(text[:_LONGEST_TEXT])
    box.setObjectName("details")
    box.setReadOnly(True)
    box.setTabChangesFocus(True)
    box.setAccessibleName(name)
    lines = min(11, text.count("\n") + 1 + len(text) // 90)
    box.setFixedHeight(32 + lines * box.fontMetrics().lineSpacing())
    return box


def _table(name: str, rows: Mapping[str, str], heads: tuple[str, str]) -> QTableWidget:
    table = QTableWidget(min(len(rows), _MOST_ROWS), 2)
    table.setHorizontalHeaderLabels(list(heads))
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setTextElideMode(Qt.TextElideMode.ElideRight)
    table.setWordWrap(False)
    for number, row_of in enumerate(list(rows.items())[:_MOST_ROWS]):
        for place, text in enumerate(row_of):
            item = QTableWidgetItem(text.replace("\n", " "))
            item.setToolTip(text[:600])
            table.setItem(number, place, item)
    table.resizeColumnToContents(0)
    table.setColumnWidth(0, min(table.columnWidth(0), 300))
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.setFixedHeight(min(320, 44 + 32 * table.rowCount()))
    return table
