"""The self-check: a line for each part, and one button that repairs what can be repaired."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from ... import __version__
from ...errors import Action, ModelyardError
from ...events import CancelToken
from ...importing.checkup import Finding
from ..background import Call, in_background
from ..context import Context
from ..design.tokens import Size, Space
from ..routes import Place
from ..shell.page import Page
from ..widgets.buttons import button
from ..widgets.cards import Card
from ..widgets.labels import IconLabel, Text
from ..widgets.layout import ScrollPage, clear, column, line, row


class FindingLine(QWidget):
    """Picture, part, what is the matter; a button where the person can do something themselves."""

    def __init__(self, context: Context, finding: Finding) -> None:
        super().__init__()
        words = context.words
        name = words.label("checkup", finding.part.value)
        texts = column(Text(name, "strong"), spacing=2)
        text = _sentence(context, finding) or self.tr("All is well.")
        texts.addWidget(Text(text, "caption", selectable=True))
        icon, role = ("error", "bad") if finding.error else ("info", "warn") if finding.note else ("check", "good")
        picture = IconLabel(context.icons, icon, role, Size.ICON)
        layout = row(picture, texts, spacing=Space.M)
        layout.setStretch(1, 1)
        layout.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
        error = finding.error
        if error is not None and not finding.repairable:
            shown = words.error(error)
            if shown.action not in (Action.NONE, Action.RETRY):
                go = button(shown.action_label, lambda: context.routes.mend_error(shown.action, error))
                layout.addWidget(go, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(layout)
        self.setAccessibleName(f"{name}: {text}")


def _sentence(context: Context, finding: Finding) -> str:
    if finding.error is not None:
        words = context.words.error(finding.error)
        return f"{words.title}\n{words.reason}".strip()
    if finding.note is not None:
        return context.words.warning(finding.note.code, finding.note.fields)
    return ""


class SelfCheckView(Page):
    def __init__(self, context: Context) -> None:
        scroll = ScrollPage()
        self._repair = button(self.tr("Repair"), self._repair_all, "primary")
        self._again = button(self.tr("Check again"), self.refresh)
        under = self.tr("Is everything here that importing and talking need?")
        super().__init__(context, self.tr("Self-check"), under, scroll, self._again, self._repair)
        self._call: Call | None = None
        self._findings: list[Finding] = []
        self._verdict = Text("", "heading")
        self._lines = Card(spacing=Space.M)
        scroll.body.addWidget(self._verdict)
        scroll.body.addWidget(self._lines)
        back = button(self.tr("Back to the settings"), lambda: context.routes.go.emit(Place.SETTINGS), "link")
        self._copy = button(self.tr("Copy for help"), self._copy_report, "quiet")
        scroll.body.addLayout(row(back, self._copy, None, spacing=Space.S))
        scroll.body.addStretch(1)

    def refresh(self) -> None:
        self._run(self.context.services.tools.checkup.look, self.tr("Looking at everything …"))

    def _repair_all(self) -> None:
        checkup, findings = self.context.services.tools.checkup, self._findings
        self._run(lambda token: checkup.repair(findings, token), self.tr("Repairing …"))

    def _run(self, work: Callable[[CancelToken], list[Finding]], line_of_work: str) -> None:
        if self._call is not None:
            self._call.cancel()
        self._repair.setEnabled(False)
        self.states.show_busy(line_of_work)
        self._call = in_background(self, work, self._show, self._fail)

    def _show(self, findings: list[Finding]) -> None:
        self._call = None
        self._findings = findings
        clear(self._lines.body)
        for number, finding in enumerate(findings):
            if number:
                self._lines.body.addWidget(line())
            self._lines.body.addWidget(FindingLine(self.context, finding))
        wrong = [each for each in findings if each.error is not None]
        mendable = any(each.repairable for each in findings)
        in_order = self.tr("Everything that is needed is here.")
        self._verdict.setText(self.tr("Not everything is in order.") if wrong else in_order)
        self._repair.setEnabled(mendable)
        self.states.show_content()

    def _fail(self, error: ModelyardError) -> None:
        self._call = None
        self.states.show_error(error, lambda _action: self.refresh())

    def _copy_report(self) -> None:
        lines = [f"Modelyard {__version__}"]
        for each in self._findings:
            lines.append(f"{each.part.value}: {each.error or (each.note.code if each.note else 'ok')}")
        QGuiApplication.clipboard().setText(self.context.services.redact("\n".join(lines)))
        self._copy.setText(self.tr("Copied"))

    def close(self) -> bool:
        if self._call is not None:
            self._call.cancel()
        return super().close()
