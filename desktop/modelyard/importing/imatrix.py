"""An importance matrix given by the person, ready for the quantizer."""

from __future__ import annotations

from pathlib import Path

from ..quantize.importance import ImportanceMatrix


def read_importance(path: Path | None) -> ImportanceMatrix | None:
    """None if no file was given. Raises FILE_MISSING, FILE_UNREADABLE, FILE_TOO_BIG, IMATRIX_INVALID."""
    if path is None:
        return None
    from ..formats.imatrix import read_imatrix

    read = read_imatrix(path)
    return ImportanceMatrix(read.weights, str(path), read.dataset, read.chunks)


def key_bytes(path: Path) -> int:
    """By how much the keys that tell of the matrix make a file larger, at most. Raises as read_importance."""
    from ..quantize.header import ALIGNMENT, metadata_length, padding

    matrix = read_importance(path)
    length = metadata_length(matrix.metadata()) if matrix else 0
    return length + padding(length, ALIGNMENT)
