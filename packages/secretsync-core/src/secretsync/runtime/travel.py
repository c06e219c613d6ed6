"""Time that can be moved forward: what ends by the clock ends when a test wants it to."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from ..clock import Clock


class Travel:
    """A `Clock` that goes as another one does, ahead of it by what it was advanced. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._ahead = 0.0

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.ahead)

    @property
    def ahead(self) -> float:
        """By how many seconds it was advanced so far."""
        with self._lock:
            return self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass at once.

        Raises:
            ValueError: `seconds` is negative; time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back by {-seconds} s")
        with self._lock:
            self._ahead += seconds
