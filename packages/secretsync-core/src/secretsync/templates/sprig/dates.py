"""Sprig's chapter on dates. Layouts and durations are Go's; the clock and the local zone are the rendering's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from ..gotime.duration import HOUR, MINUTE, SECOND, BadDuration, duration_string, parse_duration, rounded
from ..gotime.format import format_time
from ..gotime.instant import ZERO, Instant
from ..gotime.parse import BadTime, parse_time
from ..gotime.record import TIME, instant_of, time_record
from ..gotime.zones import LOCAL_UTC, UTC, RuledZone, Zone, load
from ..runtime import Run
from ..values import Int64, Record
from .conversion import decimal

_DAY: Final = 24 * HOUR
_HTML: Final = "2006-01-02"
_ROUNDED: Final = (
    ("y", 365 * _DAY),
    ("mo", 30 * _DAY),
    ("d", _DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
)


def _local(run: Run) -> Zone:
    zone = run.sources.zone
    return LOCAL_UTC if zone is None else RuledZone(str(getattr(zone, "key", "Local")), zone)


def _now(run: Run) -> Instant:
    return Instant(0, zone=_local(run)).plus(run.sources.now())


def now(run: Run) -> Record:
    """Return the time of the rendering's clock, in the local zone."""
    return time_record(_now(run), _local(run))


def _instant(run: Run, value: object) -> Instant:
    """Return a time, or one of whole numbers as seconds since 1970; the present for anything else, as Sprig does."""
    found = instant_of(value)
    if found is not None:
        return found
    if isinstance(value, Int64) or type(value) is int:
        return Instant(int(value), zone=_local(run))
    return _now(run)


def date_in_zone(run: Run, layout: str, value: object, zone: str) -> str:
    """Return a time as a layout shows it in a zone; UTC if there is no such zone."""
    found = load(zone, _local(run)) or UTC
    return format_time(_instant(run, value).within(found), layout)


def date(run: Run, layout: str, value: object) -> str:
    """Return a time as a layout shows it in the local zone."""
    return date_in_zone(run, layout, value, "Local")


def html_date(run: Run, value: object) -> str:
    """Return the day of a time in the local zone, as HTML has it in a date picker."""
    return date(run, _HTML, value)


def html_date_in_zone(run: Run, value: object, zone: str) -> str:
    """Return the day of a time in a zone, as HTML has it in a date picker."""
    return date_in_zone(run, _HTML, value, zone)


def must_date_modify(run: Run, duration: str, value: Record) -> Record:
    """Return the time that much later.

    Raises:
        FunctionError: The first is no duration.
    """
    try:
        moved = _instant(run, value).plus(parse_duration(duration))
    except BadDuration as error:
        raise FunctionError(str(error)) from None
    return time_record(moved, _local(run))


def date_modify(run: Run, duration: str, value: Record) -> Record:
    """Return the time that much later, or as it is if the first is no duration."""
    try:
        return must_date_modify(run, duration, value)
    except FunctionError:
        return value


def ago(run: Run, value: object) -> str:
    """Return how long ago a time was, to the second."""
    return duration_string(rounded(_now(run).minus(_instant(run, value)), SECOND))


def duration(value: object) -> str:
    """Return seconds, an `int64` or a text, as a duration; anything else is none."""
    seconds = decimal(value) if isinstance(value, str) else int(value) if isinstance(value, Int64) else 0
    return duration_string((seconds * SECOND + 2**63) % 2**64 - 2**63)


def duration_round(run: Run, value: object) -> str:
    """Return the largest unit of which a duration has more than one, and how many: `3h`, `2mo`.

    Takes a text, nanoseconds as an `int64`, or a time, for how long ago that was.
    """
    size = abs(_duration(run, value))
    return next((f"{size // unit}{name}" for name, unit in _ROUNDED if size > unit), "0s")


def _duration(run: Run, value: object) -> int:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except BadDuration:
            return 0
    instant = instant_of(value)
    if instant is not None:
        return _now(run).minus(instant)
    return int(value) if isinstance(value, Int64) else 0


def must_to_date(run: Run, layout: str, text: str) -> Record:
    """Return the time that a text shows in a layout.

    Raises:
        FunctionError: It shows none.
    """
    try:
        return time_record(parse_time(layout, text, _local(run)), _local(run))
    except BadTime as error:
        raise FunctionError(str(error)) from None


def to_date(run: Run, layout: str, text: str) -> Record:
    """Return the time that a text shows in a layout; the first day of the year 1 if it shows none."""
    try:
        return must_to_date(run, layout, text)
    except FunctionError:
        return time_record(ZERO, _local(run))


def unix_epoch(value: Record) -> str:
    """Return the seconds since 1970."""
    return str((instant_of(value) or ZERO).seconds)


_MODIFY: Final = ("string", TIME)
_IN_ZONE: Final = Function(date_in_zone, ("string", ANY, "string"), gives="string", needs_run=True)
_DATE_MODIFY: Final = Function(date_modify, _MODIFY, gives=TIME, needs_run=True)
_MUST_DATE_MODIFY: Final = Function(must_date_modify, _MODIFY, gives=TIME, needs_run=True)

FUNCTIONS: Final[Mapping[str, Function]] = {
    "ago": Function(ago, (ANY,), gives="string", needs_run=True),
    "date": Function(date, ("string", ANY), gives="string", needs_run=True),
    "dateInZone": _IN_ZONE,
    "date_in_zone": _IN_ZONE,
    "dateModify": _DATE_MODIFY,
    "date_modify": _DATE_MODIFY,
    "duration": Function(duration, (ANY,), gives="string"),
    "durationRound": Function(duration_round, (ANY,), gives="string", needs_run=True),
    "htmlDate": Function(html_date, (ANY,), gives="string", needs_run=True),
    "htmlDateInZone": Function(html_date_in_zone, (ANY, "string"), gives="string", needs_run=True),
    "mustDateModify": _MUST_DATE_MODIFY,
    "must_date_modify": _MUST_DATE_MODIFY,
    "mustToDate": Function(must_to_date, ("string", "string"), gives=TIME, needs_run=True),
    "now": Function(now, gives=TIME, needs_run=True),
    "toDate": Function(to_date, ("string", "string"), gives=TIME, needs_run=True),
    "unixEpoch": Function(unix_epoch, (TIME,), gives="string"),
}
