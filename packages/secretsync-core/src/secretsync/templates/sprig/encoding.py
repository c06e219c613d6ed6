"""Sprig's chapter on encoding: base64 and base32. What cannot be decoded gives the text of Go's error, as in Sprig."""

from __future__ import annotations

import binascii
import re
from base64 import b32decode, b32encode
from collections.abc import Mapping
from typing import Final

from ..functions import Function
from ..values import decoded, encoded

_BASE_64: Final = rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_QUANTA_OF_64: Final = rb"(?:(?:[\r\n]*[A-Za-z0-9+/]){4})*"
_QUANTA_OF_32: Final = rb"(?:[A-Z2-7]{8})*"
_NEWLINES: Final = rb"[\r\n]*"
_WITHOUT_MEANING: Final = frozenset({1, 3, 6})
"""Numbers of characters that are no whole bytes in base32."""


class _Corrupt(Exception):
    """A byte that does not belong there.

    Args:
        at: Its position.
    """

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at: int = at


def base64_encode(text: str) -> str:
    """Return the bytes of a text in base64, with padding."""
    return binascii.b2a_base64(encoded(text), newline=False).decode("ascii")


def base64_decode(text: str) -> str:
    """Return the bytes that base64 stands for; line ends do not count."""
    raw = encoded(text)
    compact = raw.replace(b"\n", b"").replace(b"\r", b"")
    if re.fullmatch(_BASE_64, compact):
        return decoded(binascii.a2b_base64(compact))
    return f"illegal base64 data at input byte {_corrupt_64(raw)}"


def _corrupt_64(raw: bytes) -> int:
    """Return where Go finds that bytes are no base64: it reads four characters, and skips line ends."""
    at = _end(_QUANTA_OF_64, raw, 0)
    for place in range(4):
        at = _end(_NEWLINES, raw, at)
        if at == len(raw):
            return at - place
        if raw[at : at + 1] == b"=":
            return at if place < 2 else _after_padding(raw, at + 1, missing=3 - place)  # noqa: PLR2004  # two characters
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


def base32_encode(text: str) -> str:
    """Return the bytes of a text in base32, with padding."""
    return b32encode(encoded(text)).decode("ascii")


def base32_decode(text: str) -> str:
    """Return the bytes that base32 stands for; line ends do not count, nor does what follows the padding."""
    raw = encoded(text).replace(b"\n", b"").replace(b"\r", b"")
    end = _end(_QUANTA_OF_32, raw, 0)
    try:
        last = _last_of_32(raw, end)
    except _Corrupt as corrupt:
        return f"illegal base32 data at input byte {corrupt.at}"
    return decoded(b32decode(raw[:end] + last))


def _last_of_32(raw: bytes, start: int) -> bytes:
    """Return the last eight characters, padded, if there are such."""
    if start == len(raw):
        return b""
    for place in range(8):
        at = start + place
        if at == len(raw):
            raise _Corrupt(start)
        if raw[at : at + 1] == b"=" and place >= 2 and len(raw) - at <= 8:  # noqa: PLR2004  # two of eight characters
            _check_padding(raw, at, place)
            return raw[start:at].ljust(8, b"=")
        if not re.match(b"[A-Z2-7]", raw[at : at + 1]):
            raise _Corrupt(at)
    raise AssertionError("eight characters are a quantum")


def _check_padding(raw: bytes, at: int, place: int) -> None:
    padding = raw[at + 1 : at + 8 - place]
    if len(padding) < 7 - place:
        raise _Corrupt(len(raw))
    for number, char in enumerate(padding):
        if char != ord("="):
            raise _Corrupt(at + number)
    if place in _WITHOUT_MEANING:
        raise _Corrupt(at)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "b32dec": Function(base32_decode, ("string",), gives="string"),
    "b32enc": Function(base32_encode, ("string",), gives="string"),
    "b64dec": Function(base64_decode, ("string",), gives="string"),
    "b64enc": Function(base64_encode, ("string",), gives="string"),
}
