"""Durations as the API takes them: the texts of npm's `ms`, such as `90s`, `1.5 hours` or `2d` (kms-api §7)."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"(\d*\.?\d+) *([a-z]*)", re.ASCII | re.IGNORECASE)
_UNITS: Final = {
    ("", "ms", "msec", "msecs", "millisecond", "milliseconds"): 0.001,
    ("s", "sec", "secs", "second", "seconds"): 1.0,
    ("m", "min", "mins", "minute", "minutes"): 60.0,
    ("h", "hr", "hrs", "hour", "hours"): 3600.0,
    ("d", "day", "days"): 86400.0,
    ("w", "week", "weeks"): 7 * 86400.0,
    ("y", "yr", "yrs", "year", "years"): 365.25 * 86400.0,
}
_SECONDS: Final = {word: seconds for words, seconds in _UNITS.items() for word in words}
_LONGEST_TEXT: Final = 100


def seconds(text: str) -> float | None:
    """Return the seconds of a duration, None where the text is none; a bare number is milliseconds."""
    found = _FORM.fullmatch(text.strip()) if len(text) <= _LONGEST_TEXT else None
    unit = _SECONDS.get(found[2].lower()) if found else None
    return None if found is None or unit is None else float(found[1]) * unit
