"""How it is said that an invariant does not hold."""

from __future__ import annotations

from ..world import World


class Violated(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant


def tell(world: World, violated: Violated) -> None:
    """Have the world raise it: where it is found, in the midst of a program's work, it would be taken for its trouble."""

    def told() -> None:
        raise violated

    world.at(world.now, told)
