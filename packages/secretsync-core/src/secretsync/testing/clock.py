"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ..classes import frozen
from ..runtime.travel import Travel

NEW_YEAR: Final = datetime(2030, 1, 1, tzinfo=UTC)


@frozen
class _Still:
    """A clock that always shows one moment."""

    moment: datetime

    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return self.moment


class ManualClock(Travel):
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
        super().__init__(_Still(start.astimezone(UTC)))
