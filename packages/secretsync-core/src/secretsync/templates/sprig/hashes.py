"""Sprig's checksums: of the bytes of a text, in hexadecimal, save the number of `adler32sum`."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Final

from ..functions import Function
from ..values import encoded


def sha1sum(text: str) -> str:
    """Return the SHA-1 of a text; for what asks for it, and not for safety."""
    return hashlib.sha1(encoded(text), usedforsecurity=False).hexdigest()


def sha256sum(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(encoded(text)).hexdigest()


def sha512sum(text: str) -> str:
    """Return the SHA-512 of a text."""
    return hashlib.sha512(encoded(text)).hexdigest()


def adler32sum(text: str) -> str:
    """Return the Adler-32 of a text, in decimal."""
    return str(zlib.adler32(encoded(text)))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "adler32sum": Function(adler32sum, ("string",), gives="string"),
    "sha1sum": Function(sha1sum, ("string",), gives="string"),
    "sha256sum": Function(sha256sum, ("string",), gives="string"),
    "sha512sum": Function(sha512sum, ("string",), gives="string"),
}
