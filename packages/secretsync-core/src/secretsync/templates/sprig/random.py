"""Sprig's random texts and numbers, all made of the rendering's source of chance."""

from __future__ import annotations

import string
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..runtime import Run

_LETTERS: Final = string.ascii_letters.encode()
_DIGITS: Final = string.digits.encode()
_ASCII: Final = bytes(range(ord(" "), ord("~") + 1))
_BYTE: Final = 256
_WORD: Final = 2**64


def _text(run: Run, chars: bytes, count: int) -> str:
    """Return so many characters, each as likely as any other; none if the number is negative, as in Sprig."""
    run.check_text(count)
    fair = _BYTE - _BYTE % len(chars)  # the bytes beyond would favour some characters
    table = bytes(chars[byte % len(chars)] for byte in range(_BYTE))
    unfair = bytes(range(fair, _BYTE))
    made = bytearray()
    while len(made) < count:
        made += run.sources.random(count - len(made)).translate(table, unfair)
    return made.decode("ascii")


def rand_alpha(run: Run, count: int) -> str:
    """Return so many random letters."""
    return _text(run, _LETTERS, count)


def rand_alpha_num(run: Run, count: int) -> str:
    """Return so many random letters and digits."""
    return _text(run, _LETTERS + _DIGITS, count)


def rand_ascii(run: Run, count: int) -> str:
    """Return so many random characters of ASCII that can be seen, and spaces."""
    return _text(run, _ASCII, count)


def rand_numeric(run: Run, count: int) -> str:
    """Return so many random digits."""
    return _text(run, _DIGITS, count)


def rand_bytes(run: Run, count: int) -> str:
    """Return so many random bytes in base64."""
    if count < 0:
        raise FunctionError("runtime error: makeslice: len out of range")
    run.check_text(count)
    return b64encode(run.sources.random(count)).decode("ascii")


def rand_int(run: Run, least: int, end: int) -> int:
    """Return a random number from the first one on and below the second."""
    span = (end - least + _WORD // 2) % _WORD - _WORD // 2
    if span <= 0:
        raise FunctionError("invalid argument to Intn")
    return least + run.sources.below(span)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "randAlpha": Function(rand_alpha, ("int",), gives="string", needs_run=True),
    "randAlphaNum": Function(rand_alpha_num, ("int",), gives="string", needs_run=True),
    "randAscii": Function(rand_ascii, ("int",), gives="string", needs_run=True),
    "randBytes": Function(rand_bytes, ("int",), gives="string", needs_run=True),
    "randInt": Function(rand_int, ("int", "int"), gives="int", needs_run=True),
    "randNumeric": Function(rand_numeric, ("int",), gives="string", needs_run=True),
}
