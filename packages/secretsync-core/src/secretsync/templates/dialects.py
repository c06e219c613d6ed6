"""Which language a template is written in: a version of Go's, and the functions that a program adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .builtins import BUILTINS
from .functions import Function, Layers
from .sprig import SPRIG


class Dialect:
    """A named list of functions, and of what the language allows. Nothing else can be called.

    Attributes:
        name: What people call it.
        functions: Go's own, and those that were added.
        integers: Whether `range` goes through the numbers below an integer, as from Go 1.24 on.
    """

    __slots__ = ("functions", "integers", "name")

    def __init__(self, name: str, *, functions: Mapping[str, Function] | None = None, integers: bool = True) -> None:
        self.name: str = name
        self.functions: Mapping[str, Function] = BUILTINS if functions is None else Layers(functions, BUILTINS)
        self.integers: bool = integers

    def with_functions(self, functions: Mapping[str, Function]) -> Dialect:
        """Return this dialect with more functions; one of a known name replaces that."""
        return Dialect(self.name, functions=Layers(functions, self.functions), integers=self.integers)


GO: Final = Dialect("go1.26")
GO_1_23: Final = Dialect("go1.23", integers=False)
GO_SPRIG: Final = Dialect("go1.26 with sprig 3.3", functions=SPRIG)
