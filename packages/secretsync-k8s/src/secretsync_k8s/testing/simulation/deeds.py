"""Everything that goes wrong or is done in a simulated life, each as one deed: when, what, and numbers that say whom.

A deed is drawn before the life begins and means the same whatever else happens, so that a history can be played again
with some of its deeds left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final, Literal, TypeVar

from attrs import frozen

from .stage import Stage

T = TypeVar("T")
Area = Literal["kms", "api", "process", "people"]
Undo = Callable[[], None]


@frozen
class Deed:
    """One deed.

    Attributes:
        at: In the world's seconds.
        kind: A name in `KINDS`.
        seconds: How long it lasts, where it lasts.
        whom: In [0, 1): chooses among what it may be done to.
        how: In [0, 1): chooses among the ways to do it.
    """

    at: float
    kind: str
    seconds: float = 0.0
    whom: float = 0.0
    how: float = 0.0

    def pick(self, among: Sequence[T]) -> T:
        """Return the one it is done to."""
        return among[int(self.whom * len(among))]

    def choose(self, among: Sequence[T]) -> T:
        """Return the way in which it is done."""
        return among[int(self.how * len(among))]


@frozen
class Kind:
    """One kind of deed.

    Attributes:
        lasts: Shortest and longest time in seconds, for what has an end.
        do: Does it; what it returns ends it.
    """

    area: Area
    do: Callable[[Stage, Deed], Undo | None]
    lasts: tuple[float, float] = (0.0, 0.0)


KINDS: Final[dict[str, Kind]] = {}
Does = Callable[[Stage, Deed], Undo | None]


def kind(name: str, area: Area, *, lasts: tuple[float, float] = (0.0, 0.0)) -> Callable[[Does], Does]:
    """Have a function be a kind of deed."""

    def register(do: Does) -> Does:
        KINDS[name] = Kind(area, do, lasts)
        return do

    return register


def draw(random: Random, *, begin: float, end: float, count: int, only: Mapping[str, Kind] = KINDS) -> list[Deed]:
    """Return so many deeds between two times, all of which are over at the end."""
    names = sorted(only)
    deeds = []
    for _ in range(count):
        name = names[int(random.random() * len(names))]
        shortest, longest = only[name].lasts
        at = begin + (end - begin) * random.random()
        seconds = min(shortest + (longest - shortest) * random.random() ** 2, (end - at) * 0.99)
        deeds.append(Deed(at, name, seconds, random.random(), random.random()))
    return sorted(deeds, key=lambda deed: deed.at)


def perform(stage: Stage, deed: Deed) -> None:
    """Do it now, and have it end in time."""
    undo = KINDS[deed.kind].do(stage, deed)
    if undo is not None:
        stage.world.at(stage.world.now + deed.seconds, undo)
