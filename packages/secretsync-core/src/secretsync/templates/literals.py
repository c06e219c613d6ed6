"""What literals within quotes mean, and which characters names have."""

from __future__ import annotations

import re
from typing import Final

from .quoting import is_printable
from .values import decoded, encoded

_ESCAPE: Final = r"(?s)\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\])"
_NAMED: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


_MAX_RUNE: Final = 0x10FFFF
_MAX_BYTE: Final = 0xFF


class BadSyntax(Exception):
    """A literal is none."""


def is_letter_or_digit(char: str) -> bool:
    """Return whether a character may stand in a name."""
    if char.isascii():
        return char == "_" or char.isalnum()
    from unicodedata import category

    return category(char)[0] == "L" or category(char) == "Nd"


def is_surrogate(char: str) -> bool:
    """Return whether a character stands for a byte that is no UTF-8, or for nothing."""
    return "\ud800" <= char <= "\udfff"


def rune_name(char: str) -> str:
    """Return a character as Go's `%#U` writes it, such as `U+0040 '@'`."""
    char = "\ufffd" if is_surrogate(char) else char
    name = f"U+{ord(char):04X}"
    return f"{name} '{char}'" if is_printable(char) else name


def unquoted(literal: str) -> str:
    """Return what a string literal means.

    Raises:
        BadSyntax: It has an escape that Go has not.
    """
    inner = literal[1:-1]
    if literal[0] == "`":
        return inner.replace("\r", "")
    if "\\" not in inner and inner.isascii():
        return inner
    made = bytearray()
    at = 0
    while at < len(inner):
        piece, at = _unescaped(inner, at, quote='"')
        made += piece
    return decoded(bytes(made))


def _unescaped(inner: str, at: int, *, quote: str) -> tuple[bytes, int]:
    """Return the bytes of one character or escape, and where the next begins."""
    found = re.compile(_ESCAPE).match(inner, at)
    if found is None:
        raise BadSyntax("invalid syntax")
    named, hexadecimal, octal, *_ = found.groups()
    if named in ("'", '"') and named != quote:
        raise BadSyntax("invalid syntax")
    code = _code(found)
    if hexadecimal or octal:
        return bytes([code]), found.end()
    return encoded(chr(code)), found.end()


def _code(found: re.Match[str]) -> int:
    named, hexadecimal, octal, short, long, plain = found.groups()
    if plain is not None:
        return ord("\ufffd" if is_surrogate(plain) else plain)
    if named is not None:
        return _NAMED[named]
    code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
    if code > (_MAX_BYTE if octal else _MAX_RUNE) or is_surrogate(chr(code)):
        raise BadSyntax("invalid syntax")
    return code


def character(literal: str) -> int:
    """Return the code point that a character literal means.

    Raises:
        BadSyntax: It is no single character.
    """
    found = re.compile(_ESCAPE).match(literal, 1)
    if found is None or found.group(1) == '"' or (found.group(6) == "'"):
        raise BadSyntax("invalid syntax")
    code = _code(found)
    if literal[found.end() :] != "'":
        raise BadSyntax(f"malformed character constant: {literal}")
    return code
