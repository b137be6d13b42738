"""Takes secrets out of text before it is logged, shown or copied."""

from __future__ import annotations

import re

_SECRETS = re.compile(
    r"hf_(?:[A-Za-z0-9]{14,}|(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,})"  # Hugging Face access keys, cut-off ones too; not
    # words as in hf_folder
    r"|api_org_[A-Za-z0-9]{4,}"  # keys of organizations
    r"|(?i:(?<=bearer )[A-Za-z0-9._~+/=\-]{4,})"
    r"|(?i:(?<=basic )[A-Za-z0-9+/=]{8,})"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"  # signed web tokens
    r"|(?i:(?<=signature=)[^&\s\"']{8,})"  # signed addresses of content servers
    r"|(?i:(?<=x-amz-credential=)[^&\s\"']{8,})"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # name:password@ in addresses
)


def redact(text: str) -> str:
    """The text with every access key, password and signature replaced by "[removed]"."""
    return _SECRETS.sub("[removed]", text)
