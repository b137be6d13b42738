"""The error a failed job was left with, as an error again."""

from __future__ import annotations

from ...errors import Code, ModelyardError
from ...importing.jobs import Job


def error_of_job(job: Job) -> ModelyardError:
    try:
        return ModelyardError(Code(job.error_code), **dict(job.error_fields))
    except (ValueError, TypeError):
        return ModelyardError(Code.INTERNAL, detail=job.error_code)
