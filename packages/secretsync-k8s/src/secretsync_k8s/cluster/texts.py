"""Texts as the API server takes them: dated and bounded."""

from __future__ import annotations

from datetime import datetime
from typing import Final

LIMIT: Final = 1024
"""Bytes of a condition's message (kmssecret §8.1) and of an event's note."""


def timestamp(moment: datetime, *, timespec: str = "seconds") -> str:
    """Return RFC 3339 text of a UTC moment, ending in Z."""
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def cut(text: str) -> str:
    """Return the text, shortened with an ellipsis to at most `LIMIT` bytes of UTF-8."""
    raw = text.encode()
    if len(raw) <= LIMIT:
        return text
    ellipsis = "…"
    return raw[: LIMIT - len(ellipsis.encode())].decode(errors="ignore") + ellipsis
