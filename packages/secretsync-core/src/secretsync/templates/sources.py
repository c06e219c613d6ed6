"""Where a rendering has its time and its chance from: the one door through which they come in."""

from __future__ import annotations

import os
import time  # noqa: TID251  # for the default; whoever wants the same text twice gives sources of their own
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo


class Sources:
    """Time and chance for functions such as `now` and `uuidv4`. Called by any thread that renders.

    Attributes:
        now: Returns the nanoseconds since 1970, in UTC.
        random: Returns so many bytes of chance that nobody can guess.
        zone: The time zone that Go calls `Local`; None is UTC.
    """

    __slots__ = ("now", "random", "zone")

    def __init__(self, *, now: Callable[[], int], random: Callable[[int], bytes], zone: tzinfo | None = None) -> None:
        self.now: Callable[[], int] = now
        self.random: Callable[[int], bytes] = random
        self.zone: tzinfo | None = zone

    def below(self, bound: int) -> int:
        """Return an integer from 0 on and below a bound of at most 64 bits, each as likely as any other."""
        fair = _WORD - _WORD % bound  # those beyond would favour some
        number = fair
        while number >= fair:
            number = int.from_bytes(self.random(8), "big")
        return number % bound


_WORD: Final = 2**64
SYSTEM: Final = Sources(now=time.time_ns, random=os.urandom)
