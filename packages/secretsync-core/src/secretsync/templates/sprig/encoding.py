"""Sprig's chapter on encoding: base64 and base32. What cannot be decoded gives the text of Go's error, as in Sprig."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode, b64encode
from collections.abc import Mapping
from typing import Final

from ..functions import Function
from ..gobase64 import BadBase64, decode_base64
from ..values import decoded, encoded

_QUANTA: Final = rb"(?:[A-Z2-7]{8})*+"
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
    return b64encode(encoded(text)).decode("ascii")


def base64_decode(text: str) -> str:
    """Return the bytes that base64 stands for; line ends do not count."""
    try:
        return decoded(decode_base64(encoded(text)))
    except BadBase64 as error:
        return str(error)


def base32_encode(text: str) -> str:
    """Return the bytes of a text in base32, with padding."""
    return b32encode(encoded(text)).decode("ascii")


def base32_decode(text: str) -> str:
    """Return the bytes that base32 stands for; line ends do not count, nor does what follows the padding."""
    raw = encoded(text).replace(b"\n", b"").replace(b"\r", b"")
    quanta = re.match(_QUANTA, raw)
    end = quanta.end() if quanta else 0
    try:
        last = _last(raw, end)
    except _Corrupt as corrupt:
        return f"illegal base32 data at input byte {corrupt.at}"
    return decoded(b32decode(raw[:end] + last))


def _last(raw: bytes, start: int) -> bytes:
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
