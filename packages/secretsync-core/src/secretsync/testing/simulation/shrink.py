"""From a life in which an invariant broke to a small one that shows the same.

What is left out and does not matter is mostly luck: leaving a deed out changes the moment of everything after it. So
each smaller life is lived, and counts if the same invariant breaks in it, in whatever way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, Self, TypeVar

from attrs import evolve

from ...classes import frozen
from .coverage import Hits
from .violated import Violated

T = TypeVar("T")

REPLAYS: Final = 120
"""Lives that are lived at most to find a small one."""


@frozen
class Result:
    """How a life went.

    Attributes:
        violation: None if every invariant held.
        hours: How long it was, in virtual hours.
        digest: The same for the same history.
        hits: How often which fault hit in which phase.
    """

    seed: int
    violation: Violated | None
    hours: float
    digest: str
    story: tuple[str, ...]
    hits: Hits


class Case(Protocol):
    """A life that can be lived again."""

    @property
    def done(self) -> Sequence[int]:
        """Which deeds of its plan are done in it, by their numbers."""
        ...

    @property
    def there(self) -> Sequence[str]:
        """The names of what it is about that may be left out."""
        ...

    def live(self) -> Result:
        """Live it."""
        ...

    def until(self, hours: float) -> Self:
        """Return it without what comes later, ended as early as it can be."""
        ...

    def doing(self, deeds: tuple[int, ...]) -> Self:
        """Return it with these deeds only."""
        ...

    def about(self, names: tuple[str, ...]) -> Self:
        """Return it about these only."""
        ...


C = TypeVar("C", bound=Case)


@frozen
class Shrunk(Generic[C]):
    """What is left of a life.

    Attributes:
        result: Of the small life.
        replays: How many were lived to find it.
    """

    case: C
    result: Result
    violation: Violated
    replays: int


def shrink(case: C, result: Result, *, replays: int = REPLAYS) -> Shrunk[C]:
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
    search.drop_the_rest()
    return search.found


class _Search(Generic[C]):
    """Holds the smallest life so far."""

    def __init__(self, whole: Shrunk[C], replays: int) -> None:
        self.found = whole
        self._replays = replays

    def end_early(self) -> None:
        """Leave out all that comes after the violation."""
        self._try(self.found.case.until(self.found.result.hours))

    def drop_deeds(self) -> None:
        fewest(self.found.case.done, lambda few: self._try(self.found.case.doing(few)))

    def drop_the_rest(self) -> None:
        """Leave out what it is about, but not all: nothing could go wrong with none."""
        fewest(self.found.case.there, lambda few: bool(few) and self._try(self.found.case.about(few)))

    def _try(self, case: C) -> bool:
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
