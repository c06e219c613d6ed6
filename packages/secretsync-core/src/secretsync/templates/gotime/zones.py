"""Time zones: UTC, those of a fixed offset, and those of the system's time zone database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

_YEAR: Final = 31_556_952
_CYCLE: Final = 400 * _YEAR
_EARLIEST, _LATEST = -62_135_510_400, 253_402_214_400


class Zone:
    """A zone with one offset, in seconds east of Greenwich, and the letters that stand for it.

    Attributes:
        name: What the location is called; `Local` for that of the machine.
    """

    __slots__ = ("_letters", "_offset", "name")

    def __init__(self, name: str, letters: str, offset: int) -> None:
        self.name: str = name
        self._letters: str = letters
        self._offset: int = offset

    def at(self, seconds: int) -> tuple[str, int]:  # noqa: ARG002  # for zones that change
        """Return letters and offset at a point in time."""
        return self._letters, self._offset

    def offset_of(self, letters: str, shown: int) -> int | None:  # noqa: ARG002
        """Return the offset that letters stand for here, around a time that clocks show; None if for none."""
        return None

    def like(self, other: Zone) -> bool:
        """Return whether a zone is deeply equal to another, in the sense of Go's reflection."""
        one_of_a_kind = UTC in (self, other) or LOCAL_UTC in (self, other)
        return self == other or (not one_of_a_kind and self.at(0) == other.at(0) and type(self) is type(other) is Zone)

    def __repr__(self) -> str:
        return f"Zone({self.name})"


HOUR: Final = 3600
"""Seconds."""
UTC: Final = Zone("UTC", "UTC", 0)
LOCAL_UTC: Final = Zone("UTC", "UTC", 0)
"""What is local where nothing is said of that: Go's `eq` tells its times from those of `UTC`."""


class RuledZone(Zone):
    """A zone whose offset changes by rules."""

    __slots__ = ("_rules",)

    def __init__(self, name: str, rules: tzinfo) -> None:
        super().__init__(name, "", 0)
        self._rules: tzinfo = rules

    def at(self, seconds: int) -> tuple[str, int]:
        from datetime import UTC as GREENWICH
        from datetime import datetime, timedelta

        # `datetime` knows the years 1 to 9999. Before them nothing changes, and after them all is as 400 years earlier.
        later = max(0, -(-(seconds - _LATEST) // _CYCLE)) * _CYCLE
        known = timedelta(seconds=max(_EARLIEST, seconds - later))
        there = (datetime(1970, 1, 1, tzinfo=GREENWICH) + known).astimezone(self._rules)
        offset = there.utcoffset() or timedelta()
        return there.tzname() or "", int(offset.total_seconds())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuledZone) and self._rules is other._rules

    def __hash__(self) -> int:
        return hash(id(self._rules))

    def offset_of(self, letters: str, shown: int) -> int | None:
        around = [0, *(month * _YEAR // 12 for month in range(-12, 13))]
        found = (self.at(shown + away) for away in around)
        return next((offset for name, offset in found if name == letters), None)


def fixed(letters: str, offset: int) -> Zone:
    """Return a zone with one offset, which is called as its letters.

    As in Go, whose `eq` tells them apart, only zones without letters and by the hour are the same each time.
    """
    if not letters and offset % HOUR == 0 and -12 * HOUR <= offset <= 14 * HOUR:
        return _by_the_hour(offset)
    return Zone(letters, letters, offset)


@cache
def _by_the_hour(offset: int) -> Zone:
    return Zone("", "", offset)


def load(name: str, local: Zone) -> Zone | None:
    """Return a zone by its name in the database, `UTC`, or `Local`; None if there is none."""
    if name in {"", "UTC"}:
        return UTC
    if name == "Local":
        return local
    if ".." in name or name[0] in "/\\":
        return None
    return _database_zone(name)


def _database_zone(name: str) -> Zone | None:
    from zoneinfo import ZoneInfo

    try:
        return RuledZone(name, ZoneInfo(name))
    except (LookupError, OSError, ValueError):
        return None
