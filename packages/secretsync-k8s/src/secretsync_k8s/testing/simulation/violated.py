"""What every invariant has in common: how it is said that it does not hold, and what it grants processes."""

from __future__ import annotations

from typing import Final

SLACK: Final = 20.0
"""Seconds beside an interval in which a target must be right: what a take-over may cost."""
DRIFT: Final = 1.011
"""How much longer than in the world an interval may be by a process's clock."""


class Violated(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
