"""Everything that goes wrong or is done in a simulated life, each as one deed: when, what, and numbers that say whom.

A deed is drawn before the life begins and means the same whatever else happens, so that a history can be played again
with some of its deeds left out. One may lie in wait: it is done at the first moment after its time at which a phase is
on, such as a write under way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, Final, Literal, TypeVar

from attrs import frozen

from secretsync.clock import FOREVER

from .coverage import LASTING
from .stage import Stage

T = TypeVar("T")
Area = Literal["kms", "api", "process", "people"]
Undo = Callable[[], None]
Phases = Callable[[Stage, T], Collection[str]]


@frozen
class Deed:
    """One deed.

    Attributes:
        at: In the world's seconds.
        kind: A name in `KINDS`.
        seconds: How long it lasts, where it lasts.
        whom: In [0, 1): chooses among what it may be done to.
        how: In [0, 1): chooses among the ways to do it.
        when: The phase it is meant to hit; "": whichever is on.
        until: By then it is over; if its moment has not come, it is not done.
    """

    at: float
    kind: str
    seconds: float = 0.0
    whom: float = 0.0
    how: float = 0.0
    when: str = ""
    until: float = FOREVER

    def choose(self, among: Sequence[T]) -> T:
        """Return the way in which it is done."""
        return among[int(self.how * len(among))]


@frozen
class Kind:
    """One kind of deed.

    Attributes:
        among: What it may be done to now.
        do: Does it; what it returns ends it.
        phases: Which phases are on for one of these; None where the deed does not hit at once, but what comes later.
        lasts: Shortest and longest time in seconds, for what has an end.
    """

    area: Area
    among: Callable[[Stage], Sequence[Any]]
    do: Callable[[Stage, Deed, Any], Undo | None]
    phases: Phases[Any] | None
    lasts: tuple[float, float]


KINDS: Final[dict[str, Kind]] = {}
Does = Callable[[Stage, Deed, T], Undo | None]


def kind(
    name: str,
    area: Area,
    *,
    among: Callable[[Stage], Sequence[T]],
    phases: Phases[T] | None = None,
    lasts: tuple[float, float] = (0.0, 0.0),
) -> Callable[[Does[T]], Does[T]]:
    """Have a function be a kind of deed."""

    def register(do: Does[T]) -> Does[T]:
        KINDS[name] = Kind(area, among, do, phases, lasts)
        return do

    return register


# -- drawing


def draw(
    random: Random,
    *,
    begin: float,
    end: float,
    count: int,
    given: Sequence[tuple[str, str]] = (),
    only: Mapping[str, Kind] = KINDS,
    aims: Callable[[str], Sequence[str]] = lambda name: (),  # noqa: ARG005 - the form of it
    causes: Callable[[str], Sequence[str]] = lambda phase: (),  # noqa: ARG005 - the form of it
    tries: Callable[[str], int] = lambda phase: 1,  # noqa: ARG005 - the form of it
) -> list[Deed]:
    """Return deeds between two times, all of which are over at the end.

    Args:
        count: How many; a deed that waits for a phase is followed by others that bring the phase about.
        given: Kinds and phases of the first of them.
        aims: Which phases a kind may be meant to hit.
        causes: Which kinds bring a phase about.
        tries: How many others it takes.
    """
    deeds: list[Deed] = []
    for n in range(count):
        at = begin + (end - begin) * random.random()
        name = given[n][0] if n < len(given) else _one(random, sorted(only))
        when = given[n][1] if n < len(given) else _one(random, ("", *aims(name)))
        deed = _deed(random, only[name], name, at=at, when=when, end=end)
        known = [cause for cause in causes(when) if cause in only]
        deeds += [deed, *(_follower(random, only, known, deed) for _ in range(tries(when)) if known)]
    return sorted(deeds, key=lambda deed: deed.at)


def _follower(random: Random, only: Mapping[str, Kind], causes: Sequence[str], deed: Deed) -> Deed:
    """Return a deed that comes soon after another one."""
    cause = _one(random, causes)
    soon = deed.seconds or 0.2 * (deed.until - deed.at)
    return _deed(random, only[cause], cause, at=deed.at + 0.6 * soon * random.random(), end=deed.until)


def _one(random: Random, among: Sequence[str]) -> str:
    return among[int(random.random() * len(among))]


def _deed(random: Random, kind: Kind, name: str, *, at: float, end: float, when: str = "") -> Deed:
    shortest, longest = kind.lasts
    seconds = min(shortest + (longest - shortest) * random.random() ** 2, (end - at) * 0.99)
    return Deed(at, name, seconds, random.random(), random.random(), when, end)


# -- doing


def perform(stage: Stage, deed: Deed) -> None:
    """Do it now, or have it lie in wait, and have it end in time."""
    kind = KINDS[deed.kind]
    if not deed.when or kind.phases is None:
        _do(stage, deed, kind, kind.among(stage))
    elif not _strike(stage, deed, {deed.when}):
        stage.waiting.append(partial(_strike, stage, deed))
    stage.moment(*LASTING)


def _strike(stage: Stage, deed: Deed, on: Collection[str]) -> bool:
    """Return True when the deed waits no longer: it was done, or it is too late for it."""
    if stage.world.now >= deed.until:
        return True
    kind = KINDS[deed.kind]
    if deed.when not in on or kind.phases is None:
        return False
    found = [one for one in kind.among(stage) if deed.when in kind.phases(stage, one)]
    return _do(stage, deed, kind, found)


def _do(stage: Stage, deed: Deed, kind: Kind, among: Sequence[Any]) -> bool:
    """Do it to one of these; return whether there was any."""
    if not among:
        return False
    whom = among[int(deed.whom * len(among))]
    if kind.phases and kind.area in ("process", "people"):  # others hit whoever asks later
        stage.hits.update((deed.kind, phase) for phase in kind.phases(stage, whom))
    stage.trouble()
    undo = kind.do(stage, deed, whom)
    if undo is not None:
        stage.world.at(min(stage.world.now + deed.seconds, deed.until), partial(_end, stage, undo))
    return True


def _end(stage: Stage, undo: Undo) -> None:
    stage.trouble()
    undo()
