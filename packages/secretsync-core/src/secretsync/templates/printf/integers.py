"""The verbs of integers: `%d %b %o %O %x %X`, `%c`, `%q` and `%U`; and the padding that all verbs share."""

from __future__ import annotations

from typing import Final

from ..quoting import is_printable, quote_rune
from ..values import Integer
from .parse import Directive

_BASES: Final = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "x": "0x", "X": "0X"}
_LAST_RUNE: Final = 0x10FFFF
_WORD: Final = (1 << 64) - 1


def integer(value: int, how: Directive) -> str | None:
    """Return an integer as its verb has it, or None if the verb is none of integers."""
    if how.sharp_v and isinstance(value, Integer) and value.kind.startswith("uint"):
        return _number(value, how._replace(sharp=True), "x")
    if how.verb in _BASES:
        return _number(value, how, _BASES[how.verb])
    match how.verb:
        case "c":
            return pad(rune(value), how)
        case "q":
            return pad(quote_rune(rune(value), ascii_only=how.plus), how)
        case "U":
            return _unicode(value & _WORD, how)
        case _:
            return None


def address(value: int, how: Directive) -> str:
    """Return a pointer; the flag `#` takes the `0x` away."""
    return _number(value, how._replace(sharp=not how.sharp), "x")


def pad(text: str, how: Directive) -> str:
    """Return a text filled up to the width: to the left with spaces or zeros, with `-` to the right with spaces."""
    if len(text) >= how.width:
        return text
    if how.minus:
        return text.ljust(how.width)
    return text.rjust(how.width, "0" if how.zero else " ")


def pad_spaces(text: str, how: Directive) -> str:
    """Return a text filled up to the width with spaces, whatever the flag `0` says."""
    return text.ljust(how.width) if how.minus else text.rjust(how.width)


def rune(value: int) -> str:
    """Return the character of a code point; U+FFFD if there is none."""
    is_one = 0 <= value <= _LAST_RUNE and not 0xD800 <= value <= 0xDFFF  # noqa: PLR2004  # the surrogates
    return chr(value) if is_one else "\ufffd"


def _number(value: int, how: Directive, base: str) -> str:
    if how.precision == 0 and value == 0:
        return " " * how.width
    sign = "-" if value < 0 else "+" if how.plus else " " if how.space else ""
    digits = format(abs(value), base).rjust(_least_digits(how, sign), "0")
    if how.sharp:
        digits = _PREFIXES.get(base, "") + digits
        digits = "0" + digits if base == "o" and digits[0] != "0" else digits
    if how.verb == "O":
        digits = "0o" + digits
    return pad_spaces(sign + digits, how)


def _least_digits(how: Directive, sign: str) -> int:
    """Return how many digits there are at least: by the precision, or else by zeros up to the width."""
    if how.precision is not None:
        return how.precision
    return how.width - len(sign) if how.zero and not how.minus else 0


def _unicode(value: int, how: Directive) -> str:
    text = f"U+{value:0{max(4, how.precision or 0)}X}"
    if how.sharp and value <= _LAST_RUNE and is_printable(chr(value)):
        text += f" '{chr(value)}'"
    return pad_spaces(text, how)
