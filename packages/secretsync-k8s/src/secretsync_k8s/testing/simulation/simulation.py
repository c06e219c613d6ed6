"""One simulated life: a quiet start, storms with calms between them, and invariants looked at all the time.

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

from . import api_deeds, kms_deeds, people  # noqa: F401 - each adds its kinds of deeds
from .coverage import CAUSES, CHART, LEASE, RARE
from .deeds import KINDS, perform
from .grants import DRIFT, SLACK
from .network import HALF_OPEN, OUTAGE
from .oracle import Oracle
from .scenario import Scenario
from .scenario import draw as draw_scenario
from .stage import Stage

HOUR: Final = 3600.0
FIRST: Final = 1800.0
"""Seconds before the first storm."""
_QUIET: Final = 2 * HOUR
"""Seconds at the end of a calm in which nothing is written any more."""
SETTLED: Final = 90.0
"""Seconds after a storm in which a leader is found, whatever happened to Lease and processes."""
_AWAKE: Final = 15.0
"""Seconds before such a deed from which on they keep watch."""
_AGAIN: Final = 60.0
"""Seconds after a storm when people put right what they could not at its end: what was on its way out."""
_LATEST: Final = 120.0
"""Seconds after a storm in which the last process that was suspended in it goes on."""
_LOOK: Final = 60.0
AREAS: Final = KINDS.areas
_PLANS: Final = Plans(KINDS, CHART, CAUSES, RARE, spread=8)


def scenario_of(seed: int) -> Scenario:
    """Return what a life begins with, where nobody says otherwise."""
    return draw_scenario(Random(f"{seed} scenario"))  # noqa: S311 - a history that can be played again


def plan(seed: int, hours: float, scenario: Scenario) -> tuple[Deed, ...]:
    """Return the deeds of a life."""
    return _PLANS.plan(seed, storms(hours, scenario))


def _is_noticed(deed: Deed) -> bool:
    """Whether a candidate for the Lease would notice a deed: one that aims at other requests leaves its own alone."""
    area = KINDS[deed.kind].area
    return area == "process" or (area == "api" and (deed.when in ("", LEASE) or deed.kind in (OUTAGE, HALF_OPEN)))


def storms(hours: float, scenario: Scenario) -> list[float]:
    """Return when the storms begin: each is over, and the calm after it, before the end."""
    times, at, whole = [], FIRST, STORM + recovery(scenario) + _QUIET
    while at + whole <= hours * HOUR:
        times.append(at)
        at += whole
    return times


def length(storms: int, scenario: Scenario) -> float:
    """Return the hours of a life with so many storms, a little more than it takes, to be written in few digits."""
    return ceil((FIRST + storms * (STORM + recovery(scenario) + _QUIET)) / HOUR * 100) / 100


def recovery(scenario: Scenario) -> float:
    """Return the seconds after a storm in which everything has been put right, and nothing is left to write."""
    return max(HOUR, _LATEST + 2 * DRIFT * scenario.longest + SLACK)


@final
class Simulation:
    """One life. `run` may be called once."""

    def __init__(
        self,
        seed: int,
        *,
        hours: float = 24.0,
        scenario: Scenario | None = None,
        deeds: Sequence[Deed] | None = None,
    ) -> None:
        scenario = scenario or scenario_of(seed)
        self.seed = seed
        self.hours = hours
        self.stage = Stage(scenario, seed=seed, check=self._check)
        self.oracle = Oracle(self.stage)
        self.stage.done = self.oracle.done
        self.stage.edited = self.oracle.edited
        self.deeds = plan(seed, hours, scenario) if deeds is None else tuple(deeds)

    def run(self) -> Result:
        """Live it to its end, or to the first violation."""
        violation = None
        try:
            with heard(self.oracle), seldom_collecting():
                self._live()
        except Violated as violated:
            violation = violated
            self.stage.story.tell("VIOLATED", str(violated))
        finally:
            self.stage.close()
        hours = self.stage.world.now / HOUR
        story = self.stage.story
        return Result(self.seed, violation, hours, story.digest, tuple(story.lines()), self.stage.hits)

    def _live(self) -> None:
        world = self.stage.world
        for _ in range(self.stage.scenario.operators):
            self.stage.start_operator()
        world.at(SETTLED, self.stage.calm.begin)
        for begin in storms(self.hours, self.stage.scenario):
            self._schedule_storm(begin)
        self.oracle.edited()
        self._look()
        world.run(self.hours * HOUR)

    def _schedule_storm(self, begin: float) -> None:
        world, end = self.stage.world, begin + STORM
        world.at(begin, self._begin_storm)
        for deed in self.deeds:
            if begin <= deed.at < end:
                self._schedule(deed)
        world.at(end, self._end_storm)
        world.at(end + _AGAIN, partial(self._tidy_again, end))
        self._keep_watch(end, end + SETTLED)
        world.at(end + SETTLED, self.oracle.somebody_leads)
        quiet = end + recovery(self.stage.scenario)
        world.at(quiet, self._begin_quiet)
        world.at(quiet + _QUIET - 1.0, self._end_quiet)

    def _schedule(self, deed: Deed) -> None:
        self.stage.world.at(deed.at, partial(perform, self.stage, deed))
        if _is_noticed(deed):
            latest = deed.until if deed.when else deed.at + deed.seconds
            self._keep_watch(deed.at - _AWAKE, latest + SETTLED)

    def _keep_watch(self, begin: float, end: float) -> None:
        """Have candidates for the Lease awake in this time."""
        self.stage.world.at(begin, self.stage.calm.end)
        self.stage.world.at(end, self.stage.calm.begin)

    def _begin_storm(self) -> None:
        self.stage.story.tell("--", "a storm begins")
        self.oracle.begin_storm()

    def _end_storm(self) -> None:
        self.stage.story.tell("--", "the storm is over; people put things right")
        self.stage.tidy()
        self.oracle.end_storm()

    def _tidy_again(self, end: float) -> None:
        """Have people put right the rest. What or who comes back only now or later has its time from then on."""
        world = self.stage.world
        begin = max(world.now if self.stage.tidy() else end, *(one.life.held_until for one in self.stage.alive), end)
        for interval in self.stage.scenario.intervals:
            world.at(begin + DRIFT * interval + SLACK, partial(self.oracle.right, interval=interval, alone=False))
            world.at(begin + 2 * DRIFT * interval + SLACK, partial(self.oracle.right, interval=interval, alone=True))

    def _begin_quiet(self) -> None:
        self.oracle.writes.clear()

    def _end_quiet(self) -> None:
        self.oracle.somebody_leads()
        self.oracle.quiet()

    def _check(self) -> None:
        if not self.stage.calm.on:
            self.oracle.check()

    def _look(self) -> None:
        self.oracle.look()
        self.stage.world.at(self.stage.world.now + _LOOK, self._look)
