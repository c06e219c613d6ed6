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
DEEP_INDENT: Final = 40
"""From here on a block becomes a function of its own; what is left is for the expressions in it."""
DEEP_LOOPS: Final = 10
"""So do loops within each other, of which Python refuses more than twenty."""


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


class _Source:
    """The lines of a function, and the places of some of them by their index."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: dict[int, Place] = {}
        self.indent = 0
        self.loops = 0


class Emitter:
    """Collects the source of one program.

    Attributes:
        steps: The lines so far, in whatever function.
    """

    def __init__(self) -> None:
        self.constants: dict[str, object] = {}
        self._names: dict[tuple[type, object], str] = {}
        self._made = 0
        self.steps: int = 0
        self._sources: list[_Source] = []
        self._open: list[_Source] = []

    @property
    def source(self) -> str:
        return "\n".join(line for source in self._sources for line in source.lines) + "\n"

    @property
    def places(self) -> dict[int, Place]:
        """Where the lines of the source belong, by number."""
        found: dict[int, Place] = {}
        first = 1
        for source in self._sources:
            found.update({first + at: place for at, place in source.places.items()})
            first += len(source.lines)
        return found

    @property
    def lines(self) -> list[str]:
        """The lines of the function that is being written."""
        return self._open[-1].lines

    def begin(self, name: str, parameters: str) -> None:
        """Begin a function; the one that is being written goes on when this one ends."""
        self._sources.append(_Source())
        self._open.append(self._sources[-1])
        self.line(f"def {name}({parameters}):")
        self.indent()

    def end(self) -> None:
        """End the function."""
        self._open.pop()

    @property
    def is_deep(self) -> bool:
        """Whether a block should become a function of its own."""
        return self._open[-1].indent >= DEEP_INDENT or self._open[-1].loops >= DEEP_LOOPS

    def line(self, code: str, place: Place | None = None) -> None:
        source = self._open[-1]
        if place is not None:
            source.places[len(source.lines)] = place
        source.lines.append(" " * source.indent + code)
        self.steps += 1

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
        source = self._open[-1]
        source.indent += 1
        source.loops += loop
        if source.indent > MAX_INDENT:
            raise LimitExceeded("the expressions of the template are nested too deeply", "nesting")

    def dedent(self, *, loop: bool = False) -> None:
        self._open[-1].indent -= 1
        self._open[-1].loops -= loop
