"""Does the chosen download source answer, and how fast is it?"""

from __future__ import annotations

from ...events import CancelToken
from ...importing.access import SourceReport
from ..context import Context
from .trial import Trial


class SourceCard(Trial):
    """Stands under the settings of the download source."""

    def __init__(self, context: Context) -> None:
        access = context.services.tools.access
        self._amount = context.words.amount

        def ask(_token: CancelToken) -> SourceReport:
            return access.test_source()

        super().__init__(context, context.words.label("setting_groups", "test_source"), ask, self._say_report)

    def _say_report(self, report: SourceReport) -> str:
        wait = f"{report.answer_seconds:.1f}"
        if report.bytes_per_second is None:
            text = self.tr("{host} answers after {wait} s.")
            return text.format(host=report.host, wait=wait)
        speed = self._amount(report.bytes_per_second)
        text = self.tr("{host} answers after {wait} s; about {speed} a second.")
        return text.format(host=report.host, wait=wait, speed=speed)
