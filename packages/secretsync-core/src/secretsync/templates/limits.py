"""How much a template may have, whoever wrote it."""

from __future__ import annotations

from typing import Final


class Limits:
    """Bounds of one rendering. Whatever goes beyond one ends it with `LimitExceeded`, which names the bound.

    Attributes:
        output: Characters of the whole text.
        text: Characters of one text that a function returns.
        iterations: Turns of all loops together, counted when a loop begins.
        depth: Templates within templates.
        items: What may be asked of functions that make much of little: `repeat`, `seq`, `untilStep`, a width.
    """

    __slots__ = ("depth", "items", "iterations", "output", "text")

    def __init__(
        self,
        *,
        output: int = 16 * 2**20,
        text: int = 16 * 2**20,
        iterations: int = 1_000_000,
        depth: int = 100,
        items: int = 1_000_000,
    ) -> None:
        self.output = output
        self.text = text
        self.iterations = iterations
        self.depth = depth
        self.items = items


DEFAULT: Final = Limits()
