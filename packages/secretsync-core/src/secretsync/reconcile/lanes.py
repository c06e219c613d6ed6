"""Lanes: what is picked next. Serves the queue of runs and every host's queue alike."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import Final, Generic, TypeVar

T = TypeVar("T", bound=Hashable)

FAIR: Final = 8
"""Every so many picks one comes from the lowest lane that has something, so that nothing starves."""


class Lane(IntEnum):
    """How urgent something is; lower comes first."""

    CALLER = 0
    """Somebody waits, with a deadline."""
    NEW = 1
    CHANGED = 2
    RETRY = 3
    REFRESH = 4


_ORDER: Final = tuple(Lane)
_BACKWARDS: Final = tuple(reversed(Lane))


class Lanes(Generic[T]):
    """A set of items in lanes, each in the best lane it was ever put in, first in first out."""

    def __init__(self) -> None:
        self._lanes: tuple[dict[T, None], ...] = tuple({} for _ in Lane)
        self._where: dict[T, Lane] = {}
        self._picks = 0

    def __len__(self) -> int:
        return len(self._where)

    def put(self, item: T, lane: Lane) -> None:
        held = self._where.get(item)
        if held is not None and held <= lane:
            return
        self.discard(item)
        self._lanes[lane][item] = None
        self._where[item] = lane

    def pick(self) -> tuple[T, Lane]:
        """Remove and return the next item with its lane; there must be one."""
        self._picks += 1
        lane = next(lane for lane in (_BACKWARDS if self._picks % FAIR == 0 else _ORDER) if self._lanes[lane])
        item = next(iter(self._lanes[lane]))
        self.discard(item)
        return item, lane

    def discard(self, item: T) -> None:
        lane = self._where.pop(item, None)
        if lane is not None:
            del self._lanes[lane][item]
