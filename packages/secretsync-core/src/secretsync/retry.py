"""How long to wait before trying again: exponential, with jitter; chance is an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .classes import frozen

Chance = Callable[[], float]
"""Numbers in [0, 1): `random.random` in a shell, a seeded generator in tests."""

_DOUBLINGS: Final = 16


@frozen
class Backoff:
    """Waits of `base * 2**n` seconds up to `cap`, each drawn between `floor` and that."""

    base: float = 5.0
    cap: float = 300.0
    floor: float = 1.0

    def delay(self, failures: int, chance: Chance) -> float:
        """Return the seconds to wait after so many failures in a row (1 is the first)."""
        top = min(self.cap, self.base * 2.0 ** min(failures - 1, _DOUBLINGS))
        return self.floor + chance() * max(0.0, top - self.floor)


@frozen
class Retries:
    """How one request is sent again that may do better, before anybody hears of it (agent §10).

    Attributes:
        most: How often; 0 is never.
        base: Seconds before the first time; twice as many before each further one.
        cap: The most seconds.
    """

    most: int = 3
    base: float = 0.2
    cap: float = 5.0

    def delay(self, attempt: int, chance: Chance) -> float:
        """Return the seconds before an attempt (1 is the first further one), a fifth more or less."""
        return min(self.cap, self.base * 2.0 ** min(attempt - 1, _DOUBLINGS)) * (0.8 + 0.4 * chance())
