"""Sprig's chapter on UUIDs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import Function
from ..runtime import Run


def uuidv4(run: Run) -> str:
    """Return a random UUID: version 4, RFC 9562 section 5.4."""
    raw = bytearray(run.sources.random(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


FUNCTIONS: Final[Mapping[str, Function]] = {
    "uuidv4": Function(uuidv4, gives="string", needs_run=True),
}
