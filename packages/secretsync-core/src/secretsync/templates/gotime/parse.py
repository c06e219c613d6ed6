"""Times read by a layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from .instant import DAY, Instant, days_in, days_since_1970, from_civil, is_leap
from .layout import MONTHS, WEEKDAYS, is_fraction, pieces
from .zones import UTC, Zone, fixed

_FIRST_YEAR_OF_1900S: Final = 69
_LATEST_HOUR: Final = 23
_NOON: Final = 12
_NANO_DIGITS: Final = 9
_LEAP_DAY: Final = 31 + 29
_OFFSET: Final = {
    "07": r"(?s:(.)(..))",
    "0700": r"(?s:(.)(..)(..))",
    "07:00": r"(?s:(.)(..):(..))",
    "070000": r"(?s:(.)(..)(..)(..))",
    "07:00:00": r"(?s:(.)(..):(..):(..))",
}
_IS_NUMBER: Final = re.compile("[0-9]{2}")
# Three capitals, or four or five that end in `T`; `WITA`, `ChST` and `MeST` are the exceptions. A number alone needs a
# third character.
_ZONE_NAME: Final = (
    r"ChST|MeST|GMT(?:[+-][0-9]+)?|[+-](?=[\s\S]{2})[0-9]+"
    r"|(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3})(?![A-Z])"
)


class BadTime(ValueError):
    """A text is no time of a layout; the text of the error is Go's, with the input redacted."""


class _Unreadable(Exception):
    """What stands here is not what the element wants."""


class _Parts:
    """What has been read so far, and the place where the text goes on."""

    __slots__ = (
        "at",
        "day",
        "half",
        "hour",
        "is_utc",
        "minute",
        "month",
        "nanos",
        "offset",
        "second",
        "text",
        "year",
        "year_day",
        "zone_name",
    )

    def __init__(self, text: str) -> None:
        self.text: str = text
        self.at: int = 0
        self.year: int = 0
        self.month: int | None = None
        self.day: int | None = None
        self.year_day: int | None = None
        self.hour: int = 0
        self.minute: int = 0
        self.second: int = 0
        self.nanos: int = 0
        self.half: str = ""
        self.is_utc: bool = False
        self.offset: int | None = None
        self.zone_name: str = ""

    def take(self, pattern: str) -> re.Match[str]:
        """Take what a pattern matches."""
        found = self.taken(pattern)
        if found is None:
            raise _Unreadable
        return found

    def taken(self, pattern: str) -> re.Match[str] | None:
        """Take what a pattern matches, if it does."""
        found = re.compile(pattern).match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def number(self, what: str, element: str, least: int, most: int) -> int:
        """Take one or two digits, both if the element has two, within bounds."""
        found = int(self.take("[0-9]{2}" if element[0] == "0" else "[0-9]{1,2}")[0])
        if not least <= found <= most:
            raise _out_of_range(what)
        return found

    def name(self, names: Sequence[str]) -> int:
        """Take one of some names, in capitals or not, and return its place."""
        for at, name in enumerate(names):
            start = self.text[self.at : self.at + len(name)]
            if start.isascii() and start.lower() == name.lower():
                self.at += len(name)
                return at
        raise _Unreadable


def parse_time(layout: str, text: str, local: Zone) -> Instant:
    """Return the time that a text shows in a layout, in a zone if it names none.

    Raises:
        BadTime: It shows none.
    """
    parts = _Parts(text)
    chunks = pieces(layout)
    for at, (prefix, element) in enumerate(chunks):
        try:
            _skip(parts, prefix)
            if element:
                _ELEMENTS.get(element, _other)(parts, element)
        except _Unreadable:
            raise BadTime("parsing time [redacted] as [redacted]: cannot parse [redacted] as [redacted]") from None
        if element in {"5", "05"} and not is_fraction(chunks[at + 1][1]):
            _any_fraction(parts)
    if parts.at < len(text):
        raise BadTime("parsing time [redacted]: extra text: [redacted]")
    return _instant(parts, local)


def _skip(parts: _Parts, prefix: str) -> None:
    """Skip plain text; spaces stand for any number of spaces, and for none at the end."""
    for piece in re.findall(" +|[^ ]+", prefix):
        if piece[0] != " ":
            parts.take(re.escape(piece))
        elif not parts.taken(" +") and parts.at < len(parts.text):
            raise _Unreadable


def _short_year(parts: _Parts, _: str) -> None:
    year = int(parts.take("[0-9]{2}|[+-][0-9]")[0])
    parts.year = year + (1900 if year >= _FIRST_YEAR_OF_1900S else 2000)


def _year(parts: _Parts, _: str) -> None:
    parts.year = int(parts.take("[0-9]{4}")[0])


def _month(parts: _Parts, element: str) -> None:
    parts.month = parts.number("month", element, 1, 12)


def _month_name(parts: _Parts, element: str) -> None:
    parts.month = parts.name(MONTHS if element == "January" else [name[:3] for name in MONTHS]) + 1


def _weekday(parts: _Parts, element: str) -> None:
    parts.name(WEEKDAYS if element == "Monday" else [name[:3] for name in WEEKDAYS])


def _day(parts: _Parts, element: str) -> None:
    if element == "_2":
        parts.take(" ?")
    parts.day = parts.number("day", element, 0, 99)


def _year_day(parts: _Parts, element: str) -> None:
    parts.year_day = int(parts.take("[0-9]{3}" if element == "002" else " {0,2}([0-9]{1,3})")[0])


def _hour(parts: _Parts, element: str) -> None:
    parts.hour = parts.number(
        "hour", "3" if element == "15" else element, 0, _LATEST_HOUR if element == "15" else _NOON
    )


def _minute(parts: _Parts, element: str) -> None:
    parts.minute = parts.number("minute", element, 0, 59)


def _second(parts: _Parts, element: str) -> None:
    parts.second = parts.number("second", element, 0, 59)


def _any_fraction(parts: _Parts) -> None:
    """Take a fraction, if there is one; it may follow the seconds even where the layout has none."""
    found = parts.taken("[.,]([0-9]+)")
    if found is not None:
        parts.nanos = _nanos(found[1])


def _half(parts: _Parts, element: str) -> None:
    parts.half = parts.take("[AP]M" if element == "PM" else "[ap]m")[0].upper()


def _zone_name(parts: _Parts, _: str) -> None:
    if parts.taken("UTC"):
        parts.is_utc = True
        return
    found = parts.take(_ZONE_NAME)[0]
    if not found[-1].isdigit() or _hours(found) <= _LATEST_HOUR:
        parts.zone_name = found
    elif found.startswith("GMT"):
        parts.zone_name = "GMT"
        parts.at -= len(found) - 3
    else:
        raise _Unreadable


def _hours(name: str) -> int:
    return int(name.lstrip("GMT+-").lstrip("0")[:3] or "0")


def _other(parts: _Parts, element: str) -> None:
    if is_fraction(element):
        _fraction(parts, element)
    else:
        _offset(parts, element)


def _fraction(parts: _Parts, element: str) -> None:
    if element[1] == "0":
        digits = parts.take(f"[.,]([0-9+-][0-9]{{{len(element) - 2}}})")[1][:_NANO_DIGITS]
        if digits[0] == "-" and digits.strip("-0"):
            raise _out_of_range("fractional second")
        parts.nanos = _nanos(digits.strip("+-").rjust(len(digits), "0"))
    else:
        _any_fraction(parts)


def _nanos(digits: str) -> int:
    return int(digits[:_NANO_DIGITS].ljust(_NANO_DIGITS, "0"))


def _offset(parts: _Parts, element: str) -> None:
    if element[0] == "Z" and parts.taken("Z"):
        parts.is_utc = True
        return
    sign, *texts = parts.take(_OFFSET[element[1:]]).groups()
    numbers = [int(text) for text in takewhile(_IS_NUMBER.fullmatch, texts)]
    hour, minute, second = (*numbers, 0, 0, 0)[:3]
    # Go sees that a number is too large before it sees that another, or the sign, is none.
    for number, most, what in ((hour, 24, "hour"), (minute, 60, "minute"), (second, 60, "second")):
        if number > most:
            raise _out_of_range(f"time zone offset {what}")
    if len(numbers) < len(texts) or sign not in {"+", "-"}:
        raise _Unreadable
    offset = (hour * 60 + minute) * 60 + second
    parts.offset = -offset if sign == "-" else offset


def _out_of_range(what: str) -> BadTime:
    return BadTime(f"parsing time [redacted]: {what} out of range")


def _instant(parts: _Parts, local: Zone) -> Instant:
    hour = parts.hour
    if parts.half == "PM" and hour < _NOON:
        hour += _NOON
    elif parts.half == "AM" and hour == _NOON:
        hour = 0
    month, day = _date(parts)
    days = days_since_1970(parts.year, month, day)
    seconds = (hour * 60 + parts.minute) * 60 + parts.second
    if parts.is_utc:
        return from_civil(days, seconds, parts.nanos, UTC)
    if parts.offset is None and not parts.zone_name:
        return from_civil(days, seconds, parts.nanos, local)
    return _in_zone_of_its_own(parts, days * DAY + seconds, local)


def _date(parts: _Parts) -> tuple[int, int]:
    month, day = parts.month or 1, 1 if parts.day is None else parts.day
    if parts.year_day is not None:
        month, day = _month_and_day(parts.year_day, parts.year)
        for what, found, meant in (("month", parts.month, month), ("day", parts.day, day)):
            if found not in {None, meant}:
                raise BadTime(f"parsing time [redacted]: day-of-year does not match {what}")
    if not 1 <= day <= days_in(month, parts.year):
        raise _out_of_range("day")
    return month, day


def _month_and_day(year_day: int, year: int) -> tuple[int, int]:
    if not 1 <= year_day <= 365 + is_leap(year):
        raise _out_of_range("day-of-year")
    month = 1
    while year_day > days_in(month, year):
        year_day -= days_in(month, year)
        month += 1
    return month, year_day


def _in_zone_of_its_own(parts: _Parts, shown: int, local: Zone) -> Instant:
    """Return the time in the local zone if that has the offset or the letters at the time, else in a zone with them."""
    if parts.offset is not None:
        seconds = shown - parts.offset
        letters, offset = local.at(seconds)
        is_local = offset == parts.offset and parts.zone_name in {"", letters}
        return Instant(seconds, parts.nanos, local if is_local else fixed(parts.zone_name, parts.offset))
    known = local.offset_of(parts.zone_name, shown)
    if known is not None:
        return Instant(shown - known, parts.nanos, local)
    # Letters alone say nothing: Go takes the time as UTC's, save `GMT+3`, which changes the zone but not the time.
    hours = parts.zone_name.removeprefix("GMT") if parts.zone_name.startswith("GMT") else ""
    return Instant(shown, parts.nanos, fixed(parts.zone_name, int(hours or 0) * 3600))


_ELEMENTS: Final[Mapping[str, Callable[[_Parts, str], None]]] = {
    "06": _short_year,
    "2006": _year,
    "Jan": _month_name,
    "January": _month_name,
    "1": _month,
    "01": _month,
    "Mon": _weekday,
    "Monday": _weekday,
    "2": _day,
    "_2": _day,
    "02": _day,
    "__2": _year_day,
    "002": _year_day,
    "15": _hour,
    "3": _hour,
    "03": _hour,
    "4": _minute,
    "04": _minute,
    "5": _second,
    "05": _second,
    "PM": _half,
    "pm": _half,
    "MST": _zone_name,
}
