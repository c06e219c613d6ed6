"""What templates hold of times: `time.Time`, a record with Go's methods, and durations, months and weekdays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, final

from ..functions import Function
from ..values import Int64, Named, Record
from .duration import HOUR, MINUTE, SECOND, duration_string, rounded
from .format import format_time, string
from .instant import ZERO, Civil, Instant, civil, days_since_1970, from_civil
from .layout import MONTHS, WEEKDAYS
from .zones import UTC, Zone

TIME: Final = "time.Time"
_DURATION: Final = "time.Duration"


@final
class Month(Named):
    """A month; `January` is 1."""

    __slots__ = ()
    type_name = "time.Month"
    kind = "int"

    @property
    def methods(self) -> Mapping[str, Callable[..., object]]:
        return {"String": Function(lambda: MONTHS[self - 1])}


@final
class Weekday(Named):
    """A day of the week; `Sunday` is 0."""

    __slots__ = ()
    type_name = "time.Weekday"
    kind = "int"

    @property
    def methods(self) -> Mapping[str, Callable[..., object]]:
        return {"String": Function(lambda: WEEKDAYS[self])}


@final
class Duration(Named):
    """Nanoseconds."""

    __slots__ = ()
    type_name = _DURATION
    kind = "int64"

    @property
    def methods(self) -> Mapping[str, Callable[..., object]]:
        return {
            "Abs": Function(lambda: Duration(min(abs(self), 2**63 - 1))),
            "Hours": Function(lambda: self / HOUR),
            "Microseconds": Function(lambda: Int64(_quotient(self, 1000))),
            "Milliseconds": Function(lambda: Int64(_quotient(self, 1_000_000))),
            "Minutes": Function(lambda: self / MINUTE),
            "Nanoseconds": Function(lambda: Int64(self)),
            "Round": Function(lambda unit: Duration(rounded(self, unit)), (_DURATION,)),
            "Seconds": Function(lambda: self / SECOND),
            "String": Function(lambda: duration_string(self)),
            "Truncate": Function(lambda unit: Duration(_truncated(self, unit)), (_DURATION,)),
        }


def _quotient(nanos: int, unit: int) -> int:
    return -(-nanos // unit) if nanos < 0 else nanos // unit


def _truncated(nanos: int, unit: int) -> int:
    return nanos if unit <= 0 else _quotient(nanos, unit) * unit


@final
class TimeMethods(Mapping[str, Function]):
    """The methods of a time, made when they are asked for.

    Attributes:
        instant: The time.
        local: The zone that Go calls `Local`.
    """

    __slots__ = ("instant", "local")

    def __init__(self, instant: Instant, local: Zone) -> None:
        self.instant: Instant = instant
        self.local: Zone = local

    def __getitem__(self, name: str) -> Function:
        takes, method = _METHODS[name]
        return Function(lambda *args: method(self, *args), takes)

    def __contains__(self, name: object) -> bool:
        return name in _METHODS

    def __iter__(self) -> Iterator[str]:
        return iter(_METHODS)

    def __len__(self) -> int:
        return len(_METHODS)


def time_record(instant: Instant, local: Zone) -> Record:
    """Return a time as templates hold it."""
    return Record(TIME, {}, TimeMethods(instant, local), inner=instant)


def instant_of(value: object) -> Instant | None:
    """Return the instant that a record of a time holds, None of anything else."""
    methods = value.methods if isinstance(value, Record) else None
    return methods.instant if isinstance(methods, TimeMethods) else None


def _given(value: object) -> Instant:
    return instant_of(value) or ZERO


def _shown(part: Callable[[Civil], object]) -> Callable[[TimeMethods], object]:
    return lambda time: part(civil(time.instant))


def _moved(move: Callable[..., Instant]) -> Callable[..., Record]:
    return lambda time, *args: time_record(move(time.instant, *args), time.local)


def _add_date(instant: Instant, years: int, months: int, days: int) -> Instant:
    shown = civil(instant)
    day = days_since_1970(shown.year + years, shown.month + months, shown.day + days)
    return from_civil(day, (shown.hour * 60 + shown.minute) * 60 + shown.second, instant.nanos, instant.zone)


def _since_year_1(instant: Instant) -> int:
    return (instant.seconds - ZERO.seconds) * SECOND + instant.nanos


def _truncate(instant: Instant, unit: int) -> Instant:
    return instant if unit <= 0 else instant.plus(-(_since_year_1(instant) % unit))


def _round(instant: Instant, unit: int) -> Instant:
    if unit <= 0:
        return instant
    rest = _since_year_1(instant) % unit
    return instant.plus(-rest if rest + rest < unit else unit - rest)


def _compare(time: TimeMethods, other: object) -> int:
    mine, others = time.instant[:2], _given(other)[:2]
    return (mine > others) - (mine < others)


def _wrapped(number: int) -> Int64:
    return Int64((number + 2**63) % 2**64 - 2**63)


def _location(time: TimeMethods) -> Record:
    return Record("*time.Location", {}, {"String": Function(lambda: time.instant.zone.name)}, inner=time.instant.zone)


_TIME: Final = (TIME,)
_METHODS: Final[Mapping[str, tuple[tuple[str, ...], Callable[..., object]]]] = {
    "Add": ((_DURATION,), _moved(lambda instant, duration: instant.plus(duration))),
    "AddDate": (("int", "int", "int"), _moved(_add_date)),
    "After": (_TIME, lambda time, other: _compare(time, other) > 0),
    "Before": (_TIME, lambda time, other: _compare(time, other) < 0),
    "Compare": (_TIME, _compare),
    "Day": ((), _shown(lambda shown: shown.day)),
    "Equal": (_TIME, lambda time, other: _compare(time, other) == 0),
    "Format": (("string",), lambda time, layout: format_time(time.instant, layout)),
    "Hour": ((), _shown(lambda shown: shown.hour)),
    "IsZero": ((), lambda time: time.instant.same_as(ZERO)),
    "Local": ((), lambda time: time_record(time.instant.within(time.local), time.local)),
    "Location": ((), _location),
    "Minute": ((), _shown(lambda shown: shown.minute)),
    "Month": ((), _shown(lambda shown: Month(shown.month))),
    "Nanosecond": ((), lambda time: time.instant.nanos),
    "Round": ((_DURATION,), _moved(_round)),
    "Second": ((), _shown(lambda shown: shown.second)),
    "String": ((), lambda time: string(time.instant)),
    "Sub": (_TIME, lambda time, other: Duration(time.instant.minus(_given(other)))),
    "Truncate": ((_DURATION,), _moved(_truncate)),
    "UTC": ((), _moved(lambda instant: instant.within(UTC))),
    "Unix": ((), lambda time: Int64(time.instant.seconds)),
    "UnixMicro": ((), lambda time: _wrapped(time.instant.seconds * 1_000_000 + time.instant.nanos // 1000)),
    "UnixMilli": ((), lambda time: _wrapped(time.instant.seconds * 1000 + time.instant.nanos // 1_000_000)),
    "UnixNano": ((), lambda time: _wrapped(time.instant.seconds * SECOND + time.instant.nanos)),
    "Weekday": ((), _shown(lambda shown: Weekday(shown.weekday))),
    "Year": ((), _shown(lambda shown: shown.year)),
    "YearDay": ((), _shown(lambda shown: shown.year_day)),
}
