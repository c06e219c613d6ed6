"""How much a template may have, whoever wrote it."""

from __future__ import annotations

from typing import Final


class Limits:
    """Bounds of one rendering. Whatever goes beyond one ends it with `LimitExceeded`, which names the bound.

    Attributes:
        output: Characters of the whole text.
        text: Characters of one text that a function returns.
        iterations: Turns of all loops together, counted when a loop begins, and whatever takes as long: calls of
            templates, long texts that functions read or make, the elements of lists that they go through or make.
        items: Elements of one list that a function makes.
        depth: Templates within templates.
    """

    __slots__ = ("depth", "items", "iterations", "output", "text")

    def __init__(
        self,
        *,
        output: int = 16 * 2**20,
        text: int = 4 * 2**20,
        iterations: int = 1_000_000,
        items: int = 1_000_000,
        depth: int = 100,
    ) -> None:
        self.output: int = output
        self.text: int = text
        self.iterations: int = iterations
        self.items: int = items
        self.depth: int = depth


DEFAULT: Final = Limits()
