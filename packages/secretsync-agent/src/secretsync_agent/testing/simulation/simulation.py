"""One simulated life of an agent: a quiet start, storms with calms between them, and an end.

Simulation(seed=7).run()  ──▶  Result(violation, story, …)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil
from random import Random
from typing import Final, final

from secretsync.testing.simulation.deeds import Deed
from secretsync.testing.simulation.living import heard, seldom_collecting
from secretsync.testing.simulation.plans import STORM, Plans
from secretsync.testing.simulation.shrink import Result
from secretsync.testing.simulation.violated import Violated

from . import kms_deeds, machine, people  # noqa: F401 - each adds its kinds of deeds
from .coverage import CAUSES, CHART, RARE
from .deeds import KINDS
from .oracle import Oracle
from .scenario import Scenario
from .scenario import draw as draw_scenario
from .stage import Stage

HOUR: Final = 3600.0
FIRST: Final = 600.0
"""Seconds before the first storm."""
CALM: Final = 2100.0
_RECOVERY: Final = 900.0
"""Seconds after a storm in which everything has been put right: two looks at what vanished, and the longest pauses."""
_LOOK: Final = 30.0
_GOODBYE: Final = 120.0
"""Seconds before the end of a life at which the agent is asked to end."""
AREAS: Final = KINDS.areas
_PLANS: Final = Plans(KINDS, CHART, CAUSES, RARE, spread=6)


def scenario_of(seed: int) -> Scenario:
    """Return what a life begins with, where nobody says otherwise."""
    return draw_scenario(Random(f"{seed} scenario"))  # noqa: S311 - a history that can be played again


def plan(seed: int, hours: float) -> tuple[Deed, ...]:
    """Return the deeds of a life."""
    return _PLANS.plan(seed, storms(hours))


def storms(hours: float) -> list[float]:
    """Return when the storms begin: each is over, and the calm after it, before the end."""
    times, at, whole = [], FIRST, STORM + CALM
    while at + whole + _GOODBYE <= hours * HOUR:
        times.append(at)
        at += whole
    return times


def length(storms: int) -> float:
    """Return the hours of a life with so many storms, a little more than it takes, to be written in few digits."""
    return ceil((FIRST + storms * (STORM + CALM) + _GOODBYE) / HOUR * 100) / 100


@final
class Simulation:
    """One life. `run` may be called once."""

    def __init__(
        self,
        seed: int,
        *,
        hours: float = 6.0,
        scenario: Scenario | None = None,
        deeds: Sequence[Deed] | None = None,
    ) -> None:
        self.seed = seed
        self.hours = hours
        self.stage = Stage(scenario or scenario_of(seed), seed=seed)
        self.oracle = Oracle(self.stage)
        self.deeds = plan(seed, hours) if deeds is None else tuple(deeds)

    def run(self) -> Result:
        """Live it to its end, or to the first violation."""
        violation = None
        with self.stage.disk.mounted():
            try:
                with heard(self.oracle), seldom_collecting():
                    self._live()
            except Violated as violated:
                violation = violated
                self.stage.story.tell("VIOLATED", str(violated))
            finally:
                self.stage.close()
        story, hours = self.stage.story, self.stage.world.now / HOUR
        return Result(self.seed, violation, hours, story.digest, tuple(story.lines()), self.stage.hits)

    def _live(self) -> None:
        stage, end = self.stage, self.hours * HOUR
        stage.furnish()
        stage.start()
        for begin in storms(self.hours):
            self._schedule_storm(begin)
        self._look()
        stage.world.at(end - _GOODBYE, self._say_goodbye)
        stage.world.run(end)
        self.oracle.gone()

    def _schedule_storm(self, begin: float) -> None:
        world, end = self.stage.world, begin + STORM
        world.at(begin, partial(self.stage.story.tell, "--", "a storm begins"))
        for deed in self.deeds:
            if begin <= deed.at < end:
                world.at(deed.at, partial(KINDS.perform, self.stage, deed))
        world.at(end, self._end_storm)
        world.at(end + _RECOVERY, self.oracle.right)
        world.at(end + CALM - 1.0, self.oracle.right)

    def _end_storm(self) -> None:
        self.stage.story.tell("--", "the storm is over")
        self.stage.tidy()

    def _say_goodbye(self) -> None:
        self.stage.over = True
        self.stage.process.stop()

    def _look(self) -> None:
        self.stage.look()
        self.oracle.look()
        self.stage.world.at(self.stage.world.now + _LOOK, self._look)
