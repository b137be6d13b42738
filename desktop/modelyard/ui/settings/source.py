"""Does the chosen download source answer, and how fast is it?"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ...events import CancelToken
from ...importing.access import SourceReport
from ..context import Context
from .trial import Trial


class SourceCard(Trial):
    """Stands under the settings of the download source."""

    def __init__(self, context: Context) -> None:
        access = context.services.tools.access

        def ask(_token: CancelToken) -> SourceReport:
            return access.test_source()

        label = context.words.label("setting_groups", "test_source")
        super().__init__(context, label, ask, lambda report: say_report(context, report))


def say_report(context: Context, report: SourceReport) -> str:
    """One sentence about a source that answered."""
    wait = f"{report.answer_seconds:.1f}"
    if report.bytes_per_second is None:
        text = QCoreApplication.translate("SourceCard", "{host} answers after {wait} s.")
        return text.format(host=report.host, wait=wait)
    speed = context.words.amount(report.bytes_per_second)
    text = QCoreApplication.translate("SourceCard", "{host} answers after {wait} s; about {speed} a second.")
    return text.format(host=report.host, wait=wait, speed=speed)
