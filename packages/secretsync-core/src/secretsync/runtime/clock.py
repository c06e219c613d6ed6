"""The real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import final


@final
class SystemClock:
    """`Clock` by the machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)
