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
    """

    __slots__ = ("depth", "iterations", "output", "text")

    def __init__(
        self,
        *,
        output: int = 16 * 2**20,
        text: int = 16 * 2**20,
        iterations: int = 1_000_000,
        depth: int = 100,
    ) -> None:
        self.output: int = output
        self.text: int = text
        self.iterations: int = iterations
        self.depth: int = depth


DEFAULT: Final = Limits()
