"""The real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import final


@final
class SystemClock:
    """`Clock` by the machine's own clocks."""

    def monotonic(self) -> float:
        return _monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)


def _monotonic() -> float:
    """Where there is one, by a clock that goes on while the machine is suspended.

    Whoever wakes up must find its time over: a leader its lease, a token its life.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
