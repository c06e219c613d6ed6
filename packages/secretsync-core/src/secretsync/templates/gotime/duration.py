"""Durations: nanoseconds in 64 bits, read and written as `1h2m3.5s`."""

from __future__ import annotations

import re
from typing import Final

from ..errors import check_word

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "\u00b5s": 1000,
    "\u03bcs": 1000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_BELOW_SECOND: Final = ("ms", "\u00b5s", "ns")
_MOST: Final = 2**63
_PART: Final = r"([0-9]*)(?:(\.)([0-9]*))?([^0-9.]*)"


class BadDuration(ValueError):
    """A text is no duration; the text of the error is Go's, with the input redacted."""


def parse_duration(text: str) -> int:
    """Return the nanoseconds that a text such as `-1h30m` or `1.5s` means.

    Raises:
        BadDuration: It is none, or beyond 64 bits.
    """
    check_word(text, "a duration")
    negative, rest = text[:1] == "-", text[text[:1] in {"-", "+"} :]
    if rest == "0":
        return 0
    total = at = 0
    while at < len(rest):
        found = re.compile(_PART).match(rest, at)
        assert found is not None  # noqa: S101  # every part of the pattern may be empty
        total += _nanos(found[1], found[3] or "", found[4])
        at = found.end()
        if total > _MOST:
            raise _invalid()
    if not rest or (total == _MOST and not negative):
        raise _invalid()
    return -total if negative else total


def _nanos(whole: str, fraction: str, unit: str) -> int:
    if not (whole or fraction):
        raise _invalid()
    count = _count(whole)
    if not unit:
        raise BadDuration("time: missing unit in duration [redacted]")
    size = _UNITS.get(unit)
    if size is None:
        raise BadDuration("time: unknown unit [redacted] in duration [redacted]")
    if count > _MOST // size:
        raise _invalid()
    nanos = count * size + _part_of(fraction, size)
    if nanos > _MOST:
        raise _invalid()
    return nanos


def _count(digits: str) -> int:
    digits = digits.lstrip("0")
    # Python refuses to read thousands of digits.
    count = int(digits[:20] or "0")
    if count > _MOST:
        raise _invalid()
    return count


def _part_of(fraction: str, size: int) -> int:
    """Return the nanoseconds of a fraction; digits beyond 63 bits do not count, and the rest goes through a float."""
    digits, scale = 0, 1.0
    for digit in fraction:
        if digits > (_MOST - 1) // 10 or digits * 10 + int(digit) > _MOST:
            break
        digits, scale = digits * 10 + int(digit), scale * 10
    return int(float(digits) * (size / scale))


def _invalid() -> BadDuration:
    return BadDuration("time: invalid duration [redacted]")


def duration_string(nanos: int) -> str:
    """Return a duration in hours, minutes and seconds, or in the unit below a second in which it is a number above 1."""
    sign, size = ("-", -nanos) if nanos < 0 else ("", nanos)
    if size == 0:
        return "0s"
    if size < SECOND:
        unit = next(unit for unit in _BELOW_SECOND if size >= _UNITS[unit])
        return f"{sign}{_decimal(size, _UNITS[unit])}{unit}"
    hours, minutes = size // HOUR, size // MINUTE % 60
    text = f"{_decimal(size % MINUTE, SECOND)}s"
    if size >= MINUTE:
        text = f"{minutes}m{text}"
    if size >= HOUR:
        text = f"{hours}h{text}"
    return sign + text


def _decimal(size: int, unit: int) -> str:
    whole, rest = divmod(size, unit)
    fraction = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else f"{whole}"


def rounded(nanos: int, unit: int) -> int:
    """Return a duration to the nearest multiple of another, halves away from zero; as it is for a unit below 1."""
    if unit <= 0:
        return nanos
    size = abs(nanos)
    rest = size % unit
    size += -rest if rest + rest < unit else unit - rest
    return -min(size, _MOST) if nanos < 0 else min(size, _MOST - 1)
