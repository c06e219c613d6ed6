"""Points in time: seconds and nanoseconds since 1970, read in a zone by the Gregorian calendar without an end."""

from __future__ import annotations

from typing import Final, NamedTuple

from .zones import UTC, Zone

DAY: Final = 86_400
NANOS: Final = 1_000_000_000
_DAYS_OF_ERA: Final = 146_097
_YEARS_OF_ERA: Final = 400
_FROM_MARCH_0_TO_1970: Final = 719_468
_FEBRUARY: Final = 2
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_THURSDAY: Final = 4


class Instant(NamedTuple):
    """A point in time, and the zone to read it in."""

    seconds: int
    nanos: int = 0
    zone: Zone = UTC

    def plus(self, nanos: int) -> Instant:
        """Return the point that many nanoseconds later."""
        carried, rest = divmod(self.nanos + nanos, NANOS)
        return Instant(self.seconds + carried, rest, self.zone)

    def minus(self, other: Instant) -> int:
        """Return the nanoseconds since another point, within the 64 bits of Go's durations."""
        between = (self.seconds - other.seconds) * NANOS + self.nanos - other.nanos
        return max(-(2**63), min(between, 2**63 - 1))

    def within(self, zone: Zone) -> Instant:
        """Return the same point, to be read in another zone."""
        return Instant(self.seconds, self.nanos, zone)

    def same_as(self, other: Instant) -> bool:
        """Return whether both are one point, whatever the zones."""
        return self[:2] == other[:2]


ZERO: Final = Instant(-62_135_596_800)
"""Go's zero time: the first of January of the year 1."""


class Civil(NamedTuple):
    """What clock and calendar show; weekdays count from Sunday, 0."""

    year: int
    month: int
    day: int
    year_day: int
    weekday: int
    hour: int
    minute: int
    second: int
    nanos: int
    zone_name: str
    offset: int


def civil(instant: Instant) -> Civil:
    """Return what clock and calendar of the instant's zone show."""
    zone_name, offset = instant.zone.at(instant.seconds)
    days, second_of_day = divmod(instant.seconds + offset, DAY)
    year, month, day = _date(days)
    return Civil(
        year,
        month,
        day,
        days - days_since_1970(year, 1, 1) + 1,
        (days + _THURSDAY) % 7,
        second_of_day // 3600,
        second_of_day // 60 % 60,
        second_of_day % 60,
        instant.nanos,
        zone_name,
        offset,
    )


def from_civil(days: int, seconds: int, nanos: int, zone: Zone) -> Instant:
    """Return the point at which clocks of a zone show so many seconds of a day since 1970.

    Of two such points, and where clocks skip it, Go's choice: the offset is asked for as if the clock showed UTC, and
    once more with that offset taken off.
    """
    shown = days * DAY + seconds
    offset = zone.at(shown - zone.at(shown)[1])[1]
    return Instant(shown - offset, nanos, zone)


def days_since_1970(year: int, month: int, day: int) -> int:
    """Return the number of a day. Months and days beyond their bounds count on."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    # Years begin in March, so that the leap day is the last.
    from_march = (month - 3) % 12
    era, year_of_era = divmod(year - (month <= _FEBRUARY), _YEARS_OF_ERA)
    days = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + (153 * from_march + 2) // 5 + day - 1
    return era * _DAYS_OF_ERA + days - _FROM_MARCH_0_TO_1970


def _date(days: int) -> tuple[int, int, int]:
    era, day = divmod(days + _FROM_MARCH_0_TO_1970, _DAYS_OF_ERA)
    year_of_era = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= year_of_era * 365 + year_of_era // 4 - year_of_era // 100
    from_march = (5 * day + 2) // 153
    month = (from_march + 2) % 12 + 1
    return era * _YEARS_OF_ERA + year_of_era + (month <= _FEBRUARY), month, day - (153 * from_march + 2) // 5 + 1


def is_leap(year: int) -> bool:
    """Return whether a year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(month: int, year: int) -> int:
    """Return the length of a month."""
    return _LENGTHS[month - 1] + (month == _FEBRUARY and is_leap(year))
