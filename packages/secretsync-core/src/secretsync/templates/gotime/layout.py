"""Layouts: how Go shows the parts of a time, by an example: Monday, the 2nd of January 2006, 15:04:05, seven behind.

A layout is cut into pieces of plain text, each with the element that follows it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..errors import check_word

RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"
STRING: Final = "2006-01-02 15:04:05.999999999 -0700 MST"

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# Where several fit, the first that does. `_2006` is a literal `_`; a fraction must not go on with another digit.
_ELEMENT: Final = (
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm"
    r"|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])"
)


_LONGEST_KEPT: Final = 100
"""Characters of a layout whose pieces are kept for the next time."""


def is_fraction(element: str) -> bool:
    """Return whether a element stands for parts of a second: `.000` or `,999`."""
    return element[:1] in {".", ","}


def pieces(layout: str) -> tuple[tuple[str, str], ...]:
    """Return plain texts and elements, in turn; the last element is empty."""
    check_word(layout, "a layout")
    return _kept(layout) if len(layout) <= _LONGEST_KEPT else _cut(layout)


def _cut(layout: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    at = 0
    for element in re.finditer(_ELEMENT, layout):
        found.append((layout[at : element.start()], element[0]))
        at = element.end()
    return (*found, (layout[at:], ""))


_kept: Final = lru_cache(maxsize=64)(_cut)
