"""Everything that goes wrong or is done in a simulated life, each as one deed: when, what, and numbers that say whom.

A deed is drawn before the life begins and means the same whatever else happens, so that a history can be played again
with some of its deeds left out. One may lie in wait: it is done at the first moment after its time at which a phase is
on, such as a write under way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, Final, Generic, Protocol, TypeVar

from ...classes import frozen
from ...clock import FOREVER
from ..world import World
from .coverage import Hits


class Scene(Protocol):
    """Where deeds are done.

    Attributes:
        hits: How often which fault hit in which phase.
        waiting: Deeds that wait for a phase: asked when one is on, they return True when they wait no longer.
    """

    world: World
    hits: Hits
    waiting: list[Callable[[Collection[str]], bool]]

    def trouble(self) -> None:
        """Note that something began or ended now that may cost requests."""
        ...

    def moment(self, *phases: str) -> None:
        """Let those deeds be done that have waited for one of these."""
        ...


S = TypeVar("S", bound=Scene)
T = TypeVar("T")
Undo = Callable[[], None]


@frozen
class Deed:
    """One deed.

    Attributes:
        at: In the world's seconds.
        kind: The name of a `Kind`.
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
class Kind(Generic[S]):
    """One kind of deed.

    Attributes:
        area: Where it goes wrong, such as `kms`.
        among: What it may be done to now.
        do: Does it; what it returns ends it.
        phases: Which phases are on for one of these; None where the deed does not hit at once, but what comes later.
        lasts: Shortest and longest time in seconds, for what has an end.
    """

    area: str
    among: Callable[[S], Sequence[Any]]
    do: Callable[[S, Deed, Any], Undo | None]
    phases: Callable[[S, Any], Collection[str]] | None
    lasts: tuple[float, float]


class Kinds(dict[str, Kind[S]]):
    """The kinds of deeds of one program's lives, by name.

    Args:
        lasting: Phases that begin with no request; whoever waits for one looks whenever something was done.
        at_once: Areas whose deeds hit what is under way; others hit whoever asks later, and are counted then.
    """

    def __init__(self, *, lasting: Sequence[str], at_once: Collection[str]) -> None:
        super().__init__()
        self._lasting: Final = lasting
        self._at_once: Final = at_once

    @property
    def areas(self) -> Mapping[str, str]:
        """Of each kind of deed."""
        return {name: kind.area for name, kind in self.items()}

    def kind(
        self,
        name: str,
        area: str,
        *,
        among: Callable[[S], Sequence[T]],
        phases: Callable[[S, T], Collection[str]] | None = None,
        lasts: tuple[float, float] = (0.0, 0.0),
    ) -> Callable[[Callable[[S, Deed, T], Undo | None]], Callable[[S, Deed, T], Undo | None]]:
        """Have a function be a kind of deed."""

        def register(do: Callable[[S, Deed, T], Undo | None]) -> Callable[[S, Deed, T], Undo | None]:
            self[name] = Kind(area, among, do, phases, lasts)
            return do

        return register

    # -- doing

    def perform(self, scene: S, deed: Deed) -> None:
        """Do it now, or have it lie in wait, and have it end in time."""
        kind = self[deed.kind]
        if not deed.when or kind.phases is None:
            self._do(scene, deed, kind.among(scene))
        elif not self._strike(scene, deed, {deed.when}):
            scene.waiting.append(partial(self._strike, scene, deed))
        scene.moment(*self._lasting)

    def _strike(self, scene: S, deed: Deed, on: Collection[str]) -> bool:
        """Return True when the deed waits no longer: it was done, or it is too late for it."""
        if scene.world.now >= deed.until:
            return True
        kind = self[deed.kind]
        if deed.when not in on or kind.phases is None:
            return False
        found = [one for one in kind.among(scene) if deed.when in kind.phases(scene, one)]
        return self._do(scene, deed, found)

    def _do(self, scene: S, deed: Deed, among: Sequence[Any]) -> bool:
        """Do it to one of these; return whether there was any."""
        if not among:
            return False
        kind, whom = self[deed.kind], among[int(deed.whom * len(among))]
        if kind.phases and kind.area in self._at_once:
            scene.hits.update((deed.kind, phase) for phase in kind.phases(scene, whom))
        scene.trouble()
        undo = kind.do(scene, deed, whom)
        if undo is not None:
            scene.world.at(min(scene.world.now + deed.seconds, deed.until), partial(_end, scene, undo))
        return True


def _end(scene: Scene, undo: Undo) -> None:
    scene.trouble()
    undo()


# -- drawing


def draw(
    random: Random,
    *,
    begin: float,
    end: float,
    count: int,
    only: Mapping[str, Kind[S]],
    given: Sequence[tuple[str, str]] = (),
    aims: Callable[[str], Sequence[str]] = lambda name: (),  # noqa: ARG005 - the form of it
    causes: Callable[[str], Sequence[str]] = lambda phase: (),  # noqa: ARG005 - the form of it
    tries: Callable[[str], int] = lambda phase: 1,  # noqa: ARG005 - the form of it
) -> list[Deed]:
    """Return deeds between two times, all of which are over at the end.

    Args:
        count: How many; a deed that waits for a phase is followed by others that bring the phase about.
        only: The kinds there are.
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


def _follower(random: Random, only: Mapping[str, Kind[S]], causes: Sequence[str], deed: Deed) -> Deed:
    """Return a deed that comes soon after another one."""
    cause = _one(random, causes)
    soon = deed.seconds or 0.2 * (deed.until - deed.at)
    return _deed(random, only[cause], cause, at=deed.at + 0.6 * soon * random.random(), end=deed.until)


def _one(random: Random, among: Sequence[str]) -> str:
    return among[int(random.random() * len(among))]


def _deed(random: Random, kind: Kind[S], name: str, *, at: float, end: float, when: str = "") -> Deed:
    shortest, longest = kind.lasts
    seconds = min(shortest + (longest - shortest) * random.random() ** 2, (end - at) * 0.99)
    return Deed(at, name, seconds, random.random(), random.random(), when, end)
