"""Sprig's chapter on type conversion. What cannot be converted is 0, without an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from ..functions import ANY, Function
from ..numbers import LONGEST, floating, integer
from ..printing import plain, print_
from ..values import Int64, Integer, TypedList

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
_NUMBERED: Final = frozenset({"time.Month", "time.Weekday"})
"""Named types that count as numbers; any other is converted to 0."""
_SPECIAL_FLOATS: Final = {"nan": math.nan} | {
    sign + name: math.copysign(math.inf, -1 if sign == "-" else 1)
    for name in ("inf", "infinity")
    for sign in ("", "+", "-")
}


def wrapped(value: int) -> int:
    """Return what 64 bits hold of an integer."""
    return value if _LEAST <= value <= _MOST else (value - _LEAST) % 2**64 + _LEAST


def to_int(value: object) -> int:
    """Return a value as an integer of 64 bits."""
    if isinstance(value, int):
        return wrapped(int(value)) if _counts(value) else 0
    if isinstance(value, float):
        return _truncated(value)
    if isinstance(value, str):
        found = integer(_without_zero_decimals(value))
        return found if found is not None and _LEAST <= found <= _MOST else 0
    return 0


def to_float(value: object) -> float:
    """Return a value as a float."""
    if isinstance(value, int):
        return float(value) if _counts(value) else 0.0
    if isinstance(value, float):
        return value
    found = parsed_float(value) if isinstance(value, str) else None
    return 0.0 if found is None else found


def text_of(value: object) -> str:
    """Return a value as text: itself, or what `print` writes."""
    return value if isinstance(value, str) else plain(value)


def texts_of(value: object) -> list[str]:
    """Return the elements of a list as texts, without those that are nil; what is no list is one element."""
    if isinstance(value, list | tuple):
        return [text_of(element) for element in value if element is not None]
    return [] if value is None else [text_of(value)]


def parsed_float(text: str) -> float | None:
    """Return the number that a text is, or None if it is none, too large or `LONGEST`."""
    if len(text) >= LONGEST:
        return None
    special = _SPECIAL_FLOATS.get(text.lower())
    return floating(text) if special is None else special


def _counts(value: int) -> bool:
    return not isinstance(value, Integer) or value.type_name == value.kind or value.type_name in _NUMBERED


def _truncated(value: float) -> int:
    """Return a float without its fraction; what has no place in 64 bits is the least of all, as on common processors."""
    if not math.isfinite(value):
        return _LEAST
    whole = math.trunc(value)
    return whole if _LEAST <= whole <= _MOST else _LEAST


def _without_zero_decimals(text: str) -> str:
    """Return a text without a fraction of zeros alone; points after that do not matter."""
    whole, point, zeros = text.rstrip(".").rpartition(".")
    return whole if point and zeros and not zeros.strip("0") else text


def decimal(text: str) -> int:
    """Return the integer that a text of decimal digits is, 0 if it is none, or the nearest one of 64 bits.

    A text that begins as a number beyond 64 bits is never read to its end, so what comes there does not matter.
    """
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    known = len(digits) - len(digits.lstrip("0123456789"))
    size = int(digits[:known].lstrip("0")[:_DIGITS] or "0")
    if known < len(digits) and size < 2**64:
        return 0
    return max(-size, _LEAST) if sign else min(size, _MOST)


_DIGITS: Final = 21
"""More than any number of 64 bits has."""
_OCTAL_DIGITS: Final = 22


def _octal(value: object) -> int:
    """Return what a text of octal digits means."""
    text = print_(value)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits or digits.strip("01234567") or len(digits.lstrip("0")) > _OCTAL_DIGITS:
        return 0
    found = int(text, 8)
    return found if _LEAST <= found <= _MOST else 0


FUNCTIONS: Final[Mapping[str, Function]] = {
    "atoi": Function(decimal, ("string",), gives="int"),
    "float64": Function(to_float, (ANY,), gives="float64"),
    "int": Function(to_int, (ANY,), gives="int"),
    "int64": Function(lambda value: Int64(to_int(value)), (ANY,), gives="int64"),
    "toDecimal": Function(lambda value: Int64(_octal(value)), (ANY,), gives="int64"),
    "toString": Function(text_of, (ANY,), gives="string"),
    "toStrings": Function(lambda value: TypedList("[]string", texts_of(value)), (ANY,), gives="[]string"),
}
