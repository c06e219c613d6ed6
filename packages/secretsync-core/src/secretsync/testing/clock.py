"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

NEW_YEAR: Final = datetime(2030, 1, 1, tzinfo=UTC)


class ManualClock:
    """A `Clock` that moves only by `advance`; both of its times move together.

        clock = ManualClock()
        deadline = Deadline.after(5.0, clock)
        clock.advance(5.0)
        assert deadline.remaining() == 0.0

    Safe to use from several threads. It wakes nobody: who waits for a time looks at the clock again.

    Args:
        start: What `now` returns before the first `advance`; must be aware of its zone.
    """

    def __init__(self, start: datetime = NEW_YEAR) -> None:
        if start.tzinfo is None:
            raise ValueError("start has no time zone; pass one, such as datetime.UTC")
        self._start = start.astimezone(UTC)
        self._passed = 0.0
        self._lock = Lock()

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        with self._lock:
            return self._passed

    def now(self) -> datetime:
        """Return the start plus the seconds advanced so far, in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: `seconds` is negative; time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back by {-seconds} s")
        with self._lock:
            self._passed += seconds
