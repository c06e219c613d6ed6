"""How it is said that an invariant does not hold."""

from __future__ import annotations


class Violated(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
