"""What simulated lives say to who runs secretsync: a value for programs, and plain words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from attrs import asdict

from secretsync.classes import frozen
from secretsync.testing.simulation.many import Life, processes

from .measure import API, ROUNDS, Outage, Propagation, outage, propagation, quiet_day
from .scenario import DEFAULT_HOST, Scenario

_ROUTES: Final = {
    "login": "logins",
    "list": 'reads of a folder, nearly all answered with "not modified"',
    "slug": "look-ups of a project by its slug",
}
_SHOWN: Final = 5
"""Objects that are named; of more, the number is told."""
_WIDTH: Final = 110


@frozen
class Measured:
    """What was measured of a scenario; see `measure`."""

    objects: int
    quiet_day: Mapping[str, Mapping[str, int]]
    propagation: tuple[Propagation, ...]
    outages: tuple[Outage, ...]


@frozen
class Report:
    """All of it.

    Attributes:
        hours: Virtual hours of each life.
        notes: What of the manifests is not simulated.
    """

    lives: tuple[Life, ...]
    hours: float
    measured: Measured
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; times are seconds."""
        return asdict(self, filter=lambda field, _: field.name != "hits")


def measure(scenario: Scenario) -> Measured:
    """Measure a scenario, on all cores."""
    with processes() as pool:
        day = pool.submit(quiet_day, scenario)
        spread = pool.submit(propagation, scenario)
        outages: list[Future[Outage]] = [pool.submit(outage, scenario, backend) for backend in (*scenario.hosts, API)]
        return Measured(len(scenario.objects), day.result(), spread.result(), tuple(each.result() for each in outages))


# -- in plain words


def text(report: Report) -> Iterator[str]:
    """Yield the lines of a report."""
    yield from _lives(report)
    yield from _day(report.measured)
    yield from _propagation(report.measured)
    yield from _outages(report.measured)
    for note in report.notes:
        yield from _wrapped(f"Note: {note}", indent="")


def _lives(report: Report) -> Iterator[str]:
    broken = sum(bool(life.violated) for life in report.lives)
    hours = sum(life.hours for life in report.lives)
    yield f"{len(report.lives)} lives with storms, {hours:,.0f} virtual hours in all"
    yield from _wrapped(
        "In each, servers, networks, processes and people did their worst, differently by its seed. "
        + (f"In {broken} of them something happened that must not; see above." if broken else _ALL_WELL)
    )
    yield ""


_ALL_WELL: Final = (
    "No Secret was emptied or deleted without a reason, no value came where it does not belong, and after each storm"
    " every Secret was right within its interval."
)


def _day(measured: Measured) -> Iterator[str]:
    yield "A quiet day: what is asked in 24 hours in which nothing changes"
    for backend, counts in measured.quiet_day.items():
        yield f"  {_called(backend)}: {sum(counts.values()):,} requests"
        for what, times in sorted(counts.items(), key=lambda count: -count[1]):
            yield f"    {times:>9,}  {_ROUTES.get(what, what)}"
    yield ""


def _propagation(measured: Measured) -> Iterator[str]:
    yield f"A changed value: how soon it is in the Secret ({ROUNDS} changes of each folder)"
    yield "  objects checked every      half of all within   95 % within      all within"
    for each in measured.propagation:
        interval, *seconds = map(_seconds, (each.interval, each.median, each.most, each.longest))
        yield f"  {interval:<20}" + "".join(f"{one:>18}" for one in seconds)
    yield from _wrapped(
        "An object that shares its folder with one that is checked more often gets values as soon as that."
    )
    yield ""


def _outages(measured: Measured) -> Iterator[str]:
    for each in measured.outages:
        yield f"An outage of an hour: {_called(each.backend)}"
        yield from _wrapped(_affected(each, measured.objects))
        yield from _wrapped(_unchanged(each))
        yield from _wrapped(_recovery(each))
        yield from _wrapped(_calls(each))
        yield ""


def _affected(each: Outage, objects: int) -> str:
    if not each.affected:
        return "No object was affected."
    names = ", ".join(each.affected[:_SHOWN]) + (", …" if len(each.affected) > _SHOWN else "")
    return f"{len(each.affected)} of {objects} objects could not be kept up to date: {names}."


def _unchanged(each: Outage) -> str:
    if each.changed:
        return f"These Secrets changed meanwhile: {', '.join(each.changed)}."
    return "No Secret changed meanwhile: each kept all its keys and values."


def _recovery(each: Outage) -> str:
    if each.right_after is None:
        return "NOT all objects were right again after it."
    return f"{_seconds(each.right_after)} after its end, every object was right and told as ready."


def _calls(each: Outage) -> str:
    spans = [("before", each.normal), ("during the outage", each.during), ("in the hour after", each.after)]
    told = [f"{mean:.1f} {name} (busiest minute: {busiest})" for name, (mean, busiest) in spans]
    return f"Requests a minute to it: {', '.join(told)}."


def _called(backend: str) -> str:
    return f"{backend} (the operator's default)" if backend == DEFAULT_HOST else backend


def _seconds(seconds: float) -> str:
    """Return a span in the unit that people would use."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} s"


def _wrapped(words: str, *, indent: str = "  ") -> Sequence[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent=indent, subsequent_indent=indent)
