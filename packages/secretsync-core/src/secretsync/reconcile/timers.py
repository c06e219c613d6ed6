"""Everything that comes due (a check, a renewal, a retry, a deadline, a report), in one heap of times."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final, Generic, Protocol, TypeVar

from ..clock import FOREVER


class Timed(Protocol):
    """Something with one next moment of its own."""

    due: float


T = TypeVar("T", bound=Timed)

_FEW: Final = 64
"""Superseded marks that are not worth the trouble."""


class Timers(Generic[T]):
    """Each item has at most one moment that counts, its own `due`, which nobody else sets.

    A superseded mark stays in the heap and is skipped. When they are in the majority they are cleared away: what they
    were set for may be long gone, and the moment of a deadline far.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._count = 0
        self._set = 0
        """Items that have a moment."""

    def at(self, time: float, item: T) -> None:
        """Let the item come due at that time, unless it does so earlier anyway."""
        if time < item.due:
            self.reset(time, item)

    def reset(self, time: float, item: T) -> None:
        """Let the item come due at that time and at no other; `FOREVER` means never."""
        if time == item.due:
            return
        self._set += (time < FOREVER) - (item.due < FOREVER)
        item.due = time
        if time < FOREVER:
            self._count += 1
            heapq.heappush(self._heap, (time, self._count, item))
        if len(self._heap) > 2 * self._set + _FEW:
            self._clear()

    def _clear(self) -> None:
        """Keep the first mark of each item's moment, in order, which is a heap."""
        marks: dict[int, tuple[float, int, T]] = {}
        for mark in sorted(self._heap):
            if mark[2].due == mark[0]:
                marks.setdefault(id(mark[2]), mark)
        self._heap = list(marks.values())

    def pop(self, now: float) -> Iterator[T]:
        """Yield what is due; an item may be put back while this runs, for a later moment."""
        while self._heap and self._heap[0][0] <= now:
            time, _, item = heapq.heappop(self._heap)
            if item.due == time:
                item.due = FOREVER
                self._set -= 1
                yield item

    @property
    def wake_at(self) -> float:
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else FOREVER
