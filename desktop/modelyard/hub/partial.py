"""Answers to a request for a range: is it the wanted one, of the file we know?"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from ..errors import Code, ModelyardError

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def bytes_before(response: httpx.Response, start: int, size: int, name: str) -> int:
    """How many bytes of the body come before `start`: none for a 206, all of them where the server knows no ranges.
    Raises HUB_FILE_CHANGED (a file of another size), HUB_ANSWER_INVALID (another range)."""
    if response.status_code == 206:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != start:
            raise _invalid(response, "a wrong range")
        total, before = found[3], 0
    elif response.status_code == 200:
        total, before = response.headers.get("Content-Length", "*"), start
    else:
        raise _invalid(response, f"HTTP {response.status_code}")
    if total.isdigit() and int(total) != size:
        raise ModelyardError(Code.HUB_FILE_CHANGED, name=name)
    return before


def _invalid(response: httpx.Response, detail: str) -> ModelyardError:
    return ModelyardError(Code.HUB_ANSWER_INVALID, host=urlsplit(str(response.url)).netloc, detail=detail)
