"""From a life in which an invariant broke to a small one that shows the same, and to its story in plain words.

What is left out and does not matter is mostly luck: leaving a deed out changes the moment of everything after it. So
each smaller life is lived, and counts if the same invariant breaks in it, in whatever way.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeVar

from attrs import evolve, frozen

from .scenario import Scenario, full_name, targets_of
from .simulation import HOUR, Result, Simulation, length, plan, storms
from .violated import Violated

T = TypeVar("T")

REPLAYS: Final = 120
"""Lives that are lived at most to find a small one."""
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


@frozen
class Shrunk:
    """What is left of a life.

    Attributes:
        result: Of the small life.
        replays: How many were lived to find it.
    """

    case: Case
    result: Result
    violation: Violated
    replays: int


def shrink(case: Case, result: Result, *, replays: int = REPLAYS) -> Shrunk:
    """Return a small life that breaks the same invariant.

    Args:
        result: Of the whole case.
        replays: How many lives may be lived for it; the fewer, the larger what is left.

    Raises:
        ValueError: No invariant broke in it.
    """
    if result.violation is None:
        raise ValueError("nothing is violated in this life")
    search = _Search(Shrunk(case, result, result.violation, 0), replays)
    search.end_early()
    search.drop_deeds()
    search.drop_objects()
    return search.found


class _Search:
    """Holds the smallest life so far."""

    def __init__(self, whole: Shrunk, replays: int) -> None:
        self.found = whole
        self._replays = replays

    def end_early(self) -> None:
        """Leave out all that comes after the violation."""
        case, broken = self.found.case, self.found.result.hours
        begun = sum(begin <= broken * HOUR for begin in storms(case.hours, case.scenario))
        hours = min(length(max(begun, 1), case.scenario), case.hours)
        before = [n for n, deed in enumerate(plan(case.seed, hours, case.scenario)) if deed.at <= broken * HOUR]
        numbers = before if case.deeds is None else [n for n in before if n in case.deeds]
        self._try(evolve(case, hours=hours, deeds=tuple(numbers)))

    def drop_deeds(self) -> None:
        deeds = self.found.case.deeds or ()
        fewest(deeds, lambda few: self._try(evolve(self.found.case, deeds=few)))

    def drop_objects(self) -> None:
        """Leave out objects, but not all: nothing could go wrong with none."""
        names = tuple(map(full_name, self.found.case.scenario.objects))
        fewest(
            self.found.case.objects or names,
            lambda few: bool(few) and self._try(evolve(self.found.case, objects=few)),
        )

    def _try(self, case: Case) -> bool:
        """Live it; return whether the same breaks."""
        if self.found.replays >= self._replays:
            return False
        result, again = case.live(), self.found.replays + 1
        same = result.violation is not None and result.violation.invariant == self.found.violation.invariant
        if same and result.violation:
            self.found = Shrunk(case, result, result.violation, again)
        else:
            self.found = evolve(self.found, replays=again)
        return same


def fewest(items: Sequence[T], fails: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    """Return a small part of the items that still fails: first halves are left out, then quarters, then single ones."""
    kept = tuple(items)
    if not kept or fails(()):
        return ()
    size = len(kept)
    while size > 1:
        size, start = (size + 1) // 2, 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if rest and fails(rest):
                kept = rest
            else:
                start += size
    return kept


# -- the story


def tell(shrunk: Shrunk) -> list[str]:
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


def lines_that_matter(shrunk: Shrunk) -> Iterator[str]:
    """Yield deeds, who works, the violation, and of what operators write that about the objects concerned."""
    names = _concerned(shrunk)
    told = [line for line in shrunk.result.story if _WRITES not in line or line.endswith(names)]
    for line, after in pairwise([*told, ""]):
        nothing_between = _is_of_storms(line) and _is_of_storms(after)
        if not nothing_between:
            yield line


def _concerned(shrunk: Shrunk) -> tuple[str, ...]:
    """Return how lines about the objects end that the violation names, or about all that are left if it names none."""
    case = shrunk.case
    left = [obj for obj in case.scenario.objects if not case.objects or full_name(obj) in case.objects]
    names = {full_name(obj): [full_name(obj), *map("/".join, targets_of(obj))] for obj in left}
    text = str(shrunk.violation)
    named = [each for each in names.values() if any(name in text for name in each)]
    return tuple(f" {name}" for each in named or names.values() for name in each)


def _is_of_storms(line: str) -> bool:
    return f" {_STORM} " in line
