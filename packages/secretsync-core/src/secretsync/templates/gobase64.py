"""Base64 as Go reads it: with padding, and line ends anywhere."""

from __future__ import annotations

import binascii
import re
from typing import Final

# Possessive, so that no memory is kept for going back.
_COMPACT: Final = rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_QUANTA: Final = rb"(?:(?:[\r\n]*+[A-Za-z0-9+/]){4})*+"
_NEWLINES: Final = rb"[\r\n]*"
_LEAST: Final = 2
"""Characters before the padding."""


class BadBase64(ValueError):
    """Bytes are no base64; the text of the error is Go's, and tells a position."""


def decode_base64(raw: bytes) -> bytes:
    """Return what bytes stand for.

    Raises:
        BadBase64: They are no base64.
    """
    compact = raw.replace(b"\n", b"").replace(b"\r", b"")
    if re.fullmatch(_COMPACT, compact):
        return binascii.a2b_base64(compact)
    raise BadBase64(f"illegal base64 data at input byte {_corrupt(raw)}")


def _corrupt(raw: bytes) -> int:
    """Return where Go finds that bytes are no base64: it reads four characters, and skips line ends."""
    at = _end(_QUANTA, raw, 0)
    for place in range(4):
        at = _end(_NEWLINES, raw, at)
        if at == len(raw):
            return at - place
        if raw[at : at + 1] == b"=":
            return at if place < _LEAST else _after_padding(raw, at + 1, missing=3 - place)
        if not re.match(rb"[A-Za-z0-9+/]", raw[at : at + 1]):
            return at
        at += 1
    raise AssertionError("four characters are a quantum")


def _after_padding(raw: bytes, at: int, *, missing: int) -> int:
    if missing:
        at = _end(_NEWLINES, raw, at)
        if at == len(raw):
            return at
        if raw[at : at + 1] != b"=":
            return at - 1
        at += 1
    return _end(_NEWLINES, raw, at)


def _end(pattern: bytes, raw: bytes, at: int) -> int:
    found = re.compile(pattern).match(raw, at)
    return found.end() if found else at
