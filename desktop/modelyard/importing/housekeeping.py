"""At the start: what did an earlier run leave, what can go on, what may go?"""

from __future__ import annotations

import logging
from pathlib import Path

from .jobs import Job, JobBook, JobState
from .planning import work_key
from .workspace import Workspace

_LOG = logging.getLogger(__name__)


def tidy(book: JobBook, work: Path) -> int:
    """Removes half-made things that no job in the book may go on with; returns the bytes freed."""
    wanted = {work_key(job.plan) for job in book.load() if not job.state.ended}
    freed = Workspace(work).clean(wanted)
    if freed:
        _LOG.info("removed leftovers of ended imports: %d bytes", freed)
    return freed


def interrupted(book: JobBook) -> list[Job]:
    """Jobs that ended in the middle, newest first."""
    return [job for job in book.load() if job.state is JobState.INTERRUPTED]
