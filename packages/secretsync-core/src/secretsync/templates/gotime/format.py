"""Times as a layout wants them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .instant import Civil, Instant, civil
from .layout import MONTHS, RFC3339_NANO, STRING, WEEKDAYS, is_fraction, pieces

_NOON: Final = 12


def format_time(instant: Instant, layout: str) -> str:
    """Return a point in time, read in its zone, as a layout shows it."""
    shown = civil(instant)
    return "".join([text + _ELEMENTS.get(element, _other)(shown, element) for text, element in pieces(layout)])


def string(instant: Instant) -> str:
    """Return what Go prints of a time; without the reading of a monotonic clock that Go adds to `now`."""
    return format_time(instant, STRING)


def rfc3339(instant: Instant) -> str:
    """Return what Go writes into JSON."""
    return format_time(instant, RFC3339_NANO)


def _other(shown: Civil, element: str) -> str:
    if is_fraction(element):
        return _fraction(shown.nanos, element)
    return _offset(shown.offset, element) if element else ""


def _fraction(nanos: int, element: str) -> str:
    digits = f"{nanos:09d}"[: len(element) - 1]
    if element[1] == "0":
        return element[0] + digits
    digits = digits.rstrip("0")
    return element[0] + digits if digits else ""


def _offset(offset: int, element: str) -> str:
    """Return the offset of a zone: `Z` for none if the element says so, and the parts that the element has."""
    if element[0] == "Z" and offset == 0:
        return "Z"
    # Go cuts to minutes before it looks at the sign, and towards zero.
    minutes = abs(offset) // 60
    sign = "-" if offset < 0 and minutes else "+"
    parts = [f"{minutes // 60:02d}", f"{minutes % 60:02d}", f"{abs(offset) % 60:02d}"]
    digits = sum(char.isdigit() for char in element)
    return sign + (":" if ":" in element else "").join(parts[: digits // 2])


def _zone_name(shown: Civil, _: str) -> str:
    return shown.zone_name or _offset(shown.offset, "-0700")


def _year(shown: Civil, _: str) -> str:
    return f"-{-shown.year:04d}" if shown.year < 0 else f"{shown.year:04d}"


def _hour12(shown: Civil) -> int:
    return shown.hour % _NOON or _NOON


def _half(shown: Civil, element: str) -> str:
    half = "PM" if shown.hour >= _NOON else "AM"
    return half if element == "PM" else half.lower()


_ELEMENTS: Final[dict[str, Callable[[Civil, str], str]]] = {
    "January": lambda shown, _: MONTHS[shown.month - 1],
    "Jan": lambda shown, _: MONTHS[shown.month - 1][:3],
    "1": lambda shown, _: f"{shown.month}",
    "01": lambda shown, _: f"{shown.month:02d}",
    "Monday": lambda shown, _: WEEKDAYS[shown.weekday],
    "Mon": lambda shown, _: WEEKDAYS[shown.weekday][:3],
    "2": lambda shown, _: f"{shown.day}",
    "_2": lambda shown, _: f"{shown.day:2d}",
    "02": lambda shown, _: f"{shown.day:02d}",
    "__2": lambda shown, _: f"{shown.year_day:3d}",
    "002": lambda shown, _: f"{shown.year_day:03d}",
    "15": lambda shown, _: f"{shown.hour:02d}",
    "3": lambda shown, _: f"{_hour12(shown)}",
    "03": lambda shown, _: f"{_hour12(shown):02d}",
    "4": lambda shown, _: f"{shown.minute}",
    "04": lambda shown, _: f"{shown.minute:02d}",
    "5": lambda shown, _: f"{shown.second}",
    "05": lambda shown, _: f"{shown.second:02d}",
    "2006": _year,
    "06": lambda shown, _: f"{abs(shown.year) % 100:02d}",
    "PM": _half,
    "pm": _half,
    "MST": _zone_name,
}
