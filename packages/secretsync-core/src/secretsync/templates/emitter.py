"""Python source in the making: lines, the constants that they name, and the places of the template they stand for.

No text of a template gets into the source: it is a constant, and the source holds its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .errors import LimitExceeded
from .nodes import Node, Tree

MAX_INDENT: Final = 90
"""Python refuses more than a hundred."""
MAX_LOOPS: Final = 19
"""Python refuses more than twenty, one within the other."""


class Choice:
    """The node that was evaluated last, where the run decides which that is.

    Attributes:
        code: The local variable that has the index of the node.
        nodes: Those that it can be.
    """

    __slots__ = ("code", "nodes")

    def __init__(self, code: str) -> None:
        self.code: str = code
        self.nodes: list[Node | Choice | None] = []


def chosen(node: Node | Choice | None, values: Mapping[str, object]) -> Node | None:
    """Return the node of a choice, by the local variables of the function that failed."""
    while isinstance(node, Choice):
        at = values.get(node.code)
        node = node.nodes[at if isinstance(at, int) else -1]
    return node


class Place:
    """Where an error of a line belongs.

    Attributes:
        tree: The template.
        node: What the line evaluates.
        call: What a function's own error is about: the command that calls it.
        name: The function, as the template names it.
    """

    __slots__ = ("call", "name", "node", "tree")

    def __init__(
        self, tree: Tree, node: Node | Choice | None, call: Node | Choice | None = None, name: str = ""
    ) -> None:
        self.tree: Tree = tree
        self.node: Node | Choice | None = node
        self.call: Node | Choice | None = call
        self.name: str = name


class Emitter:
    """Collects the source of one program."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: dict[int, Place] = {}
        self.constants: dict[str, object] = {}
        self._names: dict[tuple[type, object], str] = {}
        self._indent = 0
        self._loops = 0
        self._made = 0

    @property
    def source(self) -> str:
        return "\n".join(self.lines) + "\n"

    def line(self, code: str, place: Place | None = None) -> None:
        self.lines.append(" " * self._indent + code)
        if place is not None:
            self.places[len(self.lines)] = place

    def name(self, prefix: str) -> str:
        """Return a new name."""
        self._made += 1
        return f"{prefix}{self._made}"

    def constant(self, value: object) -> str:
        """Return the name of a constant; of one that is equal, the same."""
        key = (type(value), repr(value) if isinstance(value, float | complex) else value)
        if key not in self._names:
            self._names[key] = self.bind("k", value)
        return self._names[key]

    def bind(self, prefix: str, value: object) -> str:
        """Return a new name by which the source has a value."""
        name = self.name(prefix)
        self.constants[name] = value
        return name

    def indent(self, *, loop: bool = False) -> None:
        self._indent += 1
        self._loops += loop
        if self._indent > MAX_INDENT or self._loops > MAX_LOOPS:
            raise LimitExceeded("the blocks of the template are nested too deeply", "nesting")

    def dedent(self, *, loop: bool = False) -> None:
        self._indent -= 1
        self._loops -= loop
