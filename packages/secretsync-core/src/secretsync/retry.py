"""How long to wait before trying again: exponential, with full jitter; chance is an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

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
