"""The real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import Final, final

_MONOTONIC: Final = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)


@final
class SystemClock:
    """`Clock` by the machine's own clocks."""

    def monotonic(self) -> float:
        """Where there is one, by a clock that goes on while the machine is suspended.

        Whoever wakes up must find its time over: a leader its lease, a token its life.
        """
        return _MONOTONIC()

    def now(self) -> datetime:
        return datetime.now(UTC)
