"""Numeric literals: Go's untyped constants."""

from __future__ import annotations

import re
from typing import Final

from .literals import BadSyntax, character
from .nodes import Number
from .quoting import quote

# Compiled when a template first has a number: the import stays cheap.
_DECIMAL: Final = r"[+-]?(?:0|[1-9](?:_?[0-9])*)"
_OCTAL: Final = r"[+-]?0[oO]?(?:_?[0-7])+"
_HEXADECIMAL: Final = r"[+-]?0[xX](?:_?[0-9a-fA-F])+"
_BINARY: Final = r"[+-]?0[bB](?:_?[01])+"
_FLOAT: Final = (
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_HEX_FLOAT: Final = (
    r"[+-]?0[xX](?:_?[0-9a-fA-F](?:_?[0-9a-fA-F])*\.?(?:[0-9a-fA-F](?:_?[0-9a-fA-F])*)?"
    r"|\.[0-9a-fA-F](?:_?[0-9a-fA-F])*)[pP][+-]?[0-9](?:_?[0-9])*"
)
LONGEST: Final = 4000
"""Characters of a number that are not read any more: little more decimal digits are refused by Python itself."""
_INT_MIN, _INT_MAX, _UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1


def number(pos: int, text: str, kind: str) -> Number:
    """Return the node of a literal.

    Raises:
        BadSyntax: The text is no number, or one that is too large.
    """
    if kind == "character":
        code = character(text)
        return Number(pos, text, code, as_int=code, as_float=float(code))
    if kind == "complex" or text.endswith("i"):
        return _complex(pos, text)
    whole = integer(text)
    if whole is not None and _INT_MIN <= whole <= _UINT_MAX:
        fits = whole <= _INT_MAX
        return Number(pos, text, whole if fits else None, as_int=whole if fits else None, as_float=float(whole))
    value = floating(text)
    if value is None:
        raise BadSyntax(f"illegal number syntax: {quote(text)}")
    if not any(char in text for char in ".eEpP"):
        raise BadSyntax(f"integer overflow: {quote(text)}")
    return Number(pos, text, value, as_int=_exact(value), as_float=value)


def integer(text: str) -> int | None:
    """Return the integer that a literal means, or None if it is none, or `LONGEST` and so far beyond 64 bits."""
    if len(text) >= LONGEST:
        return None
    digits = text.replace("_", "")
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16), (_BINARY, 2)):
        if re.fullmatch(pattern, text):
            return int(digits, base)
    return None


def floating(text: str) -> float | None:
    """Return the number that a literal of an integer or a float means, or None if it is none or too large."""
    digits = text.replace("_", "")
    try:
        value = float.fromhex(digits) if re.fullmatch(_HEX_FLOAT, text) else _decimal_float(text, digits)
    except OverflowError:
        return None
    return None if value in (float("inf"), float("-inf")) else value


def _decimal_float(text: str, digits: str) -> float | None:
    return float(digits) if re.fullmatch(_FLOAT, text) else None


def _exact(value: float) -> int | None:
    return int(value) if value.is_integer() and _INT_MIN <= value <= _INT_MAX else None


def _complex(pos: int, text: str) -> Number:
    split = max(text.rfind("+"), text.rfind("-"))
    while split > 0 and text[split - 1] in "eEpP":
        split = max(text.rfind("+", 0, split), text.rfind("-", 0, split))
    real = floating(text[:split]) if split > 0 else 0.0
    imaginary = floating(text[max(split, 0) : -1])
    if real is None or imaginary is None:
        raise BadSyntax(f"illegal number syntax: {quote(text)}")
    whole = None if imaginary else real
    return Number(pos, text, complex(real, imaginary), as_int=None if whole is None else _exact(whole), as_float=whole)
