"""A life of operators that can be lived again with less in it, and its story in plain words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from attrs import evolve

from secretsync.classes import frozen
from secretsync.testing.simulation.shrink import Result, Shrunk

from .scenario import Scenario, full_name, targets_of
from .simulation import HOUR, Simulation, length, plan, storms

_STORM: Final = "--"
_WRITES: Final = " does: "


@frozen
class Case:
    """A life that can be lived again.

    Attributes:
        hours: In virtual hours.
        deeds: Which of the plan are done, by their numbers in it; None for all.
        files: Where the manifests come from, as the command line has it.
        objects: Those that are left of the scenario, as `namespace/name`; () for all.
    """

    seed: int
    hours: float
    scenario: Scenario
    deeds: tuple[int, ...] | None = None
    files: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()

    def live(self) -> Result:
        """Live it."""
        whole = plan(self.seed, self.hours, self.scenario)
        deeds = None if self.deeds is None else [whole[n] for n in self.deeds if n < len(whole)]
        return Simulation(self.seed, hours=self.hours, scenario=self._peopled(), deeds=deeds).run()

    @property
    def done(self) -> tuple[int, ...]:
        """Which deeds of its plan are done in it, by their numbers."""
        return self.deeds if self.deeds is not None else tuple(range(len(plan(self.seed, self.hours, self.scenario))))

    @property
    def there(self) -> tuple[str, ...]:
        """The names of its objects."""
        return self.objects or tuple(map(full_name, self.scenario.objects))

    def until(self, hours: float) -> Case:
        """Return it without the storms and deeds that come later."""
        begun = sum(begin <= hours * HOUR for begin in storms(self.hours, self.scenario))
        whole = min(length(max(begun, 1), self.scenario), self.hours)
        before = [n for n, deed in enumerate(plan(self.seed, whole, self.scenario)) if deed.at <= hours * HOUR]
        numbers = before if self.deeds is None else [n for n in before if n in self.deeds]
        return evolve(self, hours=whole, deeds=tuple(numbers))

    def doing(self, deeds: tuple[int, ...]) -> Case:
        """Return it with these deeds only."""
        return evolve(self, deeds=deeds)

    def about(self, names: tuple[str, ...]) -> Case:
        """Return it with these objects only."""
        return evolve(self, objects=names)

    def _peopled(self) -> Scenario:
        kept = tuple(obj for obj in self.scenario.objects if not self.objects or full_name(obj) in self.objects)
        return evolve(self.scenario, objects=kept)

    @property
    def command(self) -> str:
        """What to type to see it again."""
        words = [word for file in self.files for word in ("-f", file)]
        words += ["--seed", str(self.seed), "--hours", f"{self.hours:g}"]
        words += [] if self.deeds is None else ["--deeds", ",".join(map(str, self.deeds)) or "none"]
        words += ["--objects", ",".join(self.objects)] if self.objects else []
        return shlex.join(["secretsync", "simulate", *words])


# -- the story


def tell(shrunk: Shrunk[Case]) -> list[str]:
    """Return what happened, in plain words, and how to see it again."""
    case, violation = shrunk.case, shrunk.violation
    whole = plan(case.seed, case.hours, case.scenario)
    deeds = len(whole) if case.deeds is None else len(case.deeds)
    objects = len(case.objects) or len(case.scenario.objects)
    return [
        f"seed {case.seed}: {violation}",
        f"  It takes {deeds} of {len(whole)} deeds and {objects} of {len(case.scenario.objects)} objects:",
        *(f"    {line}" for line in lines_that_matter(shrunk)),
        f"  Play it again: {case.command}",
    ]


def lines_that_matter(shrunk: Shrunk[Case]) -> Iterator[str]:
    """Yield deeds, who works, the violation, and of what operators write that about the objects concerned."""
    names = _concerned(shrunk)
    told = [line for line in shrunk.result.story if _WRITES not in line or line.endswith(names)]
    for line, after in pairwise([*told, ""]):
        nothing_between = _is_of_storms(line) and _is_of_storms(after)
        if not nothing_between:
            yield line


def _concerned(shrunk: Shrunk[Case]) -> tuple[str, ...]:
    """Return how lines about the objects end that the violation names, or about all that are left if it names none."""
    case = shrunk.case
    left = [obj for obj in case.scenario.objects if not case.objects or full_name(obj) in case.objects]
    names = {full_name(obj): [full_name(obj), *map("/".join, targets_of(obj))] for obj in left}
    text = str(shrunk.violation)
    named = [each for each in names.values() if any(name in text for name in each)]
    return tuple(f" {name}" for each in named or names.values() for name in each)


def _is_of_storms(line: str) -> bool:
    return f" {_STORM} " in line
