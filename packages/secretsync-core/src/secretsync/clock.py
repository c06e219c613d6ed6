"""Time as an argument: a clock is handed in, a deadline is a value.

Seconds are `float`. Durations and deadlines are measured on the monotonic clock; wall-clock time is only for what
people and servers read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from .classes import frozen

FOREVER: Final = float("inf")


class Clock(Protocol):
    """Where time comes from. Safe to call from several threads."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC and aware of it."""
        ...


@frozen
class Deadline:
    """A moment by which something must be over; handed down instead of nested time-outs."""

    clock: Clock
    at: float = FOREVER

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> Deadline:
        return cls(clock, clock.monotonic() + seconds)

    def remaining(self) -> float:
        """Return the seconds left, 0.0 when it is over."""
        return max(0.0, self.at - self.clock.monotonic())

    def within(self, seconds: float) -> float:
        """Return `seconds`, or less if less is left."""
        return min(seconds, self.remaining())
