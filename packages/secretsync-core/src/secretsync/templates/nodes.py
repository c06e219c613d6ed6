"""The tree of a template. `str(node)` is the node as Go writes it within an error, `<.user.name>`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from .quoting import quote


class Node:
    """A piece of a template, and the offset where it begins."""

    __slots__ = ("pos",)

    def __init__(self, pos: int) -> None:
        self.pos: int = pos


class Literal(Node):
    """A constant: a string, a boolean or nil; `source` is how the template writes it."""

    __slots__ = ("source", "value")
    kind: ClassVar[str] = "nil"

    def __init__(self, pos: int, source: str, value: object = None) -> None:
        super().__init__(pos)
        self.source: str = source
        self.value: object = value

    def __str__(self) -> str:
        return self.source


class Nil(Literal):
    """The untyped `nil`."""

    __slots__ = ()


class Bool(Literal):
    """`true` or `false`."""

    __slots__ = ()


class String(Literal):
    """A quoted or raw string; `value` is what it means."""

    __slots__ = ()


class Number(Literal):
    """A number under every type that can hold it: Go's untyped constants.

    Attributes:
        value: What it is where nothing asks for a type; None if it is too large for an int.
        as_int: It as an int, or None.
        as_float: It as a float64, or None.
    """

    __slots__ = ("as_float", "as_int")

    def __init__(self, pos: int, source: str, value: object, *, as_int: int | None, as_float: float | None) -> None:
        super().__init__(pos, source, value)
        self.as_int: int | None = as_int
        self.as_float: float | None = as_float


class Dot(Node):
    """The cursor."""

    __slots__ = ()

    def __str__(self) -> str:
        return "."


class Identifier(Node):
    """The name of a function."""

    __slots__ = ("name",)

    def __init__(self, pos: int, name: str) -> None:
        super().__init__(pos)
        self.name: str = name

    def __str__(self) -> str:
        return self.name


class Field(Node):
    """Fields of the cursor: `.x.y`."""

    __slots__ = ("names",)

    def __init__(self, pos: int, names: Sequence[str]) -> None:
        super().__init__(pos)
        self.names: tuple[str, ...] = tuple(names)

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(Node):
    """A variable, perhaps with fields: `$x.y`."""

    __slots__ = ("name", "names")

    def __init__(self, pos: int, name: str, names: Sequence[str] = ()) -> None:
        super().__init__(pos)
        self.name: str = name
        self.names: tuple[str, ...] = tuple(names)

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


class Chain(Node):
    """Fields of a term: `(pipeline).x.y`."""

    __slots__ = ("names", "term")

    def __init__(self, pos: int, term: Node, names: Sequence[str]) -> None:
        super().__init__(pos)
        self.term: Node = term
        self.names: tuple[str, ...] = tuple(names)

    def __str__(self) -> str:
        return ".".join((_term(self.term), *self.names))


class Command(Node):
    """Terms side by side: a value, or a function and its arguments."""

    __slots__ = ("terms",)

    def __init__(self, pos: int, terms: Sequence[Node]) -> None:
        super().__init__(pos)
        self.terms: tuple[Node, ...] = tuple(terms)

    def __str__(self) -> str:
        return " ".join(map(_term, self.terms))


class Pipe(Node):
    """Commands, each of which gets the value of the one before, and the variables that get the last value."""

    __slots__ = ("assigns", "commands", "variables")

    def __init__(
        self, pos: int, *, variables: Sequence[Variable] = (), assigns: bool = False, commands: Sequence[Command] = ()
    ) -> None:
        super().__init__(pos)
        self.variables: tuple[Variable, ...] = tuple(variables)
        self.assigns: bool = assigns
        self.commands: tuple[Command, ...] = tuple(commands)

    def __str__(self) -> str:
        sign = " = " if self.assigns else " := "
        declared = ", ".join(map(str, self.variables)) + sign if self.variables else ""
        return declared + " | ".join(map(str, self.commands))


class Text(Node):
    """What stands between actions."""

    __slots__ = ("text",)

    def __init__(self, pos: int, text: str) -> None:
        super().__init__(pos)
        self.text: str = text


class Action(Node):
    """A pipeline whose value is printed, unless it goes to a variable."""

    __slots__ = ("pipe",)

    def __init__(self, pos: int, pipe: Pipe) -> None:
        super().__init__(pos)
        self.pipe: Pipe = pipe


class Branch(Node):
    """`if`, `with` or `range`: a pipeline, a body and what stands in its place."""

    __slots__ = ("body", "otherwise", "pipe")

    def __init__(self, pos: int, pipe: Pipe, body: Sequence[Node], otherwise: Sequence[Node]) -> None:
        super().__init__(pos)
        self.pipe: Pipe = pipe
        self.body: tuple[Node, ...] = tuple(body)
        self.otherwise: tuple[Node, ...] = tuple(otherwise)


class If(Branch):
    """`{{if}}`."""

    __slots__ = ()


class With(Branch):
    """`{{with}}`."""

    __slots__ = ()


class Range(Branch):
    """`{{range}}`."""

    __slots__ = ()


class Break(Node):
    """`{{break}}`."""

    __slots__ = ()


class Continue(Node):
    """`{{continue}}`."""

    __slots__ = ()


class Call(Node):
    """`{{template}}`, and `{{block}}` once its body has been taken out."""

    __slots__ = ("name", "pipe")

    def __init__(self, pos: int, name: str, pipe: Pipe | None) -> None:
        super().__init__(pos)
        self.name: str = name
        self.pipe: Pipe | None = pipe

    def __str__(self) -> str:
        pipe = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {quote(self.name)}{pipe}}}}}"


class Tree:
    """One named template.

    Attributes:
        source: The name of the text that it was read from, which errors point into.
        text: That text.
        body: Its nodes.
        assigned: The variables that it assigns to; all others keep the value of their declaration.
        looped: The variables that a loop of it declares, or assigns to.
        calls: The templates that it calls.
    """

    __slots__ = ("assigned", "body", "calls", "looped", "name", "source", "text")

    def __init__(
        self,
        name: str,
        *,
        source: str,
        text: str,
        body: Sequence[Node],
        assigned: Collection[str],
        looped: Collection[str],
        calls: Collection[str],
    ) -> None:
        self.name: str = name
        self.source: str = source
        self.text: str = text
        self.body: tuple[Node, ...] = tuple(body)
        self.assigned: frozenset[str] = frozenset(assigned)
        self.looped: frozenset[str] = frozenset(looped)
        self.calls: frozenset[str] = frozenset(calls)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but white space, so that it does not replace a template of its name."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.body)

    def place(self, node: Node) -> str:
        """Return `SOURCE:LINE:COLUMN` of a node; the column counts bytes, from 0."""
        begin = self.text.rfind("\n", 0, node.pos) + 1
        column = len(self.text[begin : node.pos].encode("utf-8", "surrogateescape"))
        return f"{self.source}:{1 + self.text.count(chr(10), 0, node.pos)}:{column}"


def _term(node: Node) -> str:
    return f"({node})" if isinstance(node, Pipe) else str(node)
