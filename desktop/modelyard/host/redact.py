"""Takes secrets out of text before it is logged, shown or copied."""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"hf_[A-Za-z0-9]{8,}"  # Hugging Face access keys
    r"|(?i:(?<=bearer )[A-Za-z0-9._\-]{8,})"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # name:password@ in addresses
)


def redact(text: str) -> str:
    return _SECRETS.sub("[removed]", text)
