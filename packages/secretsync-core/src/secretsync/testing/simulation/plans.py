"""What a life has in store: a few deeds in each of its storms, drawn by its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, Generic

from attrs import field

from ...classes import frozen
from .coverage import Chart
from .deeds import Deed, Kinds, S, draw

STORM: Final = 900.0
"""Seconds that a storm lasts."""
_LEAST: Final = 3
_GIVEN: Final = 3
"""Deeds of a storm that are not left to chance."""
_STORMS: Final = 7
"""About as many as there are in a day; the same for a shorter life, so that it begins as the longer one did."""


@frozen
class Plans(Generic[S]):
    """Of one program's lives.

    Attributes:
        kinds: The kinds of deeds there are.
        chart: Which of them can hit what.
        causes: Which of them bring a phase about.
        rare: How many it takes, for phases that come seldom.
        spread: How many more deeds than the fewest a storm has, exclusive.
    """

    kinds: Kinds[S]
    chart: Chart
    causes: Mapping[str, tuple[str, ...]]
    rare: Mapping[str, int]
    spread: int
    _pairs: Sequence[tuple[str, str]] = field(init=False)

    @_pairs.default
    def _(self) -> Sequence[tuple[str, str]]:
        return self.chart.pairs(self.kinds.areas)

    def plan(self, seed: int, storms: Sequence[float]) -> tuple[Deed, ...]:
        """Return the deeds of a life whose storms begin at these times."""
        random = Random(f"{seed} deeds")  # noqa: S311 - a history that can be played again
        areas = self.kinds.areas
        deeds: list[Deed] = []
        for n, begin in enumerate(storms):
            deeds += draw(
                random,
                begin=begin,
                end=begin + STORM,
                count=_LEAST + int(random.random() * self.spread),
                only=self.kinds,
                given=self._turn(seed, n),
                aims=lambda name: self.chart.phases_of(name, areas[name]),
                causes=lambda phase: self.causes.get(phase, ()),
                tries=lambda phase: self.rare.get(phase, 1),
            )
        return tuple(deeds)

    def _turn(self, seed: int, storm: int) -> list[tuple[str, str]]:
        """Return the pairs of fault and phase whose turn it is: in many lives each has its turn several times."""
        first = (seed * _STORMS + storm) * _GIVEN
        return [self._pairs[(first + n) % len(self._pairs)] for n in range(_GIVEN)]
