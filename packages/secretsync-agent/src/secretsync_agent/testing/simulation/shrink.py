"""A life of an agent that can be lived again with less in it, and its story in plain words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from attrs import evolve

from secretsync.classes import frozen
from secretsync.testing.simulation.shrink import Result, Shrunk

from .scenario import Scenario
from .simulation import HOUR, Simulation, length, plan, scenario_of, storms

PROGRAM: Final = "python -m secretsync_agent.testing.simulation"
_STORM: Final = " -- "


@frozen
class Case:
    """A life that can be lived again.

    Attributes:
        hours: In virtual hours.
        deeds: Which of the plan are done, by their numbers in it; None for all.
        pages: The names of the files that are left of the scenario; () for all.
    """

    seed: int
    hours: float
    deeds: tuple[int, ...] | None = None
    pages: tuple[str, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """What it begins with."""
        whole = scenario_of(self.seed)
        return evolve(whole, pages=tuple(one for one in whole.pages if not self.pages or one.name in self.pages))

    @property
    def done(self) -> tuple[int, ...]:
        """Which deeds of its plan are done in it, by their numbers."""
        return self.deeds if self.deeds is not None else tuple(range(len(plan(self.seed, self.hours))))

    @property
    def there(self) -> tuple[str, ...]:
        """The names of its files."""
        return tuple(page.name for page in self.scenario.pages)

    def live(self) -> Result:
        """Live it."""
        whole = plan(self.seed, self.hours)
        deeds = None if self.deeds is None else [whole[n] for n in self.deeds if n < len(whole)]
        return Simulation(self.seed, hours=self.hours, scenario=self.scenario, deeds=deeds).run()

    def until(self, hours: float) -> Case:
        """Return it without the storms and deeds that come later."""
        begun = sum(begin <= hours * HOUR for begin in storms(self.hours))
        whole = min(length(max(begun, 1)), self.hours)
        before = [n for n, deed in enumerate(plan(self.seed, whole)) if deed.at <= hours * HOUR]
        return evolve(self, hours=whole, deeds=tuple(n for n in before if self.deeds is None or n in self.deeds))

    def doing(self, deeds: tuple[int, ...]) -> Case:
        """Return it with these deeds only."""
        return evolve(self, deeds=deeds)

    def about(self, names: tuple[str, ...]) -> Case:
        """Return it with these files only."""
        return evolve(self, pages=names)

    @property
    def command(self) -> str:
        """What to type to see it again."""
        words = ["--seed", str(self.seed), "--length", f"{self.hours:g}"]
        words += [] if self.deeds is None else ["--deeds", ",".join(map(str, self.deeds)) or "none"]
        words += ["--pages", ",".join(self.pages)] if self.pages else []
        return f"{PROGRAM} {shlex.join(words)}"


def tell(shrunk: Shrunk[Case]) -> list[str]:
    """Return what happened, in plain words, and how to see it again."""
    case = shrunk.case
    deeds, pages = len(plan(case.seed, case.hours)), len(scenario_of(case.seed).pages)
    return [
        f"seed {case.seed}: {shrunk.violation}",
        f"  It takes {len(case.done)} of {deeds} deeds and {len(case.there)} of {pages} files:",
        *(f"    {line}" for line in _lines(shrunk.result)),
        f"  Play it again: {case.command}",
    ]


def _lines(result: Result) -> Iterator[str]:
    """Yield the story without the storms in which nothing happened."""
    for line, after in pairwise([*result.story, ""]):
        if not (_STORM in line and _STORM in after):
            yield line
