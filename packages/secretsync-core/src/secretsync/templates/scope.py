"""What the compiler has at hand at a place of a template: values by their names in the source, and variables.

A variable may be declared where the run does not come through, in an argument of `and`. Its name then stands for a
declaration around, and which it is the run decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from . import runtime
from .emitter import Choice, Emitter, Place
from .errors import LimitExceeded
from .functions import ANY, Function
from .nodes import Node, Tree

ANYTHING: Final = ("NONE",)
"""The holder of what is in an interface whatever it was taken from."""
KEY: Final = "int or string"
"""The kind of what a loop gives besides its elements."""
MAX_UNSURE: Final = 32
"""Declarations of a variable in one block that may not be reached."""


class Operand:
    """A value that the source can name.

    Attributes:
        code: Its name.
        kind: Its type as Go words it, or `ANY` if that is not known before the run.
        holder: What it was taken from, and of a field its name, as the source names them, if Go may hold it in an
            interface for that; nil is a nil interface then.
        steady: Whether it is a cursor, of which several fields may be asked.
        constant: Whether it is the constant `value`.
    """

    __slots__ = ("code", "constant", "holder", "kind", "steady", "value")

    def __init__(self, code: str, kind: str = ANY, *, holder: Sequence[str] = (), steady: bool = False) -> None:
        self.code: str = code
        self.kind: str = kind
        self.holder: Sequence[str] = holder
        self.steady: bool = steady
        self.constant: bool = False
        self.value: object = None

    @property
    def boxed(self) -> bool:
        """Whether Go may hold it in an interface."""
        return bool(self.holder)


class Variable:
    """A variable in scope; of one that changes its holder, a local variable of its own has that."""

    __slots__ = ("name", "operand", "unsure")

    def __init__(self, name: str, operand: Operand, *, unsure: bool) -> None:
        self.name: str = name
        self.operand: Operand = operand
        self.unsure: bool = unsure


class Options:
    """What holds for a whole program."""

    __slots__ = ("functions", "integers", "missing_key")

    def __init__(self, *, functions: Mapping[str, Function], missing_key: runtime.MissingKey, integers: bool) -> None:
        self.functions: Mapping[str, Function] = functions
        self.missing_key = missing_key
        self.integers: bool = integers


class Scope:
    """Emits the lines of one tree, and knows the variables."""

    def __init__(self, emitter: Emitter, tree: Tree, options: Options) -> None:
        self.emitter = emitter
        self.tree = tree
        self.options = options
        self.at: Node | Choice | None = None
        self.dot: Operand = Operand("d", steady=True)
        root = Operand("v", holder=("h",) * self.changes_holder("$")) if "$" in tree.assigned else Operand("d")
        self.variables: list[Variable] = [Variable("$", root, unsure=False)]
        self.unsure: int = 0
        self.unset: list[str] = []
        self.lookups: dict[str, str] = {}

    def flush(self) -> None:
        """Emit what has been printed so far."""
        raise NotImplementedError

    # Lines.

    def emit(self, code: str, *, call: Node | Choice | None = None, name: str = "") -> None:
        self.emitter.line(code, Place(self.tree, self.at, call, name))

    def keep(self, code: str, kind: str = ANY, *, holder: Sequence[str] = (), name: str = "") -> Operand:
        """Emit a line that leaves a value under a new name; `name` is that of a method that it may call."""
        operand = Operand(self.emitter.name("t"), kind, holder=holder)
        self.emit(f"{operand.code} = {code}", call=self.at, name=name)
        return operand

    def fail(self, text: str) -> Operand:
        """Emit a line that ends the run; what comes after it is never reached."""
        self.emit(f"raise Failure({self.emitter.constant(text)})")
        return Operand("MISSING")

    def constant(self, value: object, kind: str) -> Operand:
        operand = Operand(self.emitter.constant(value), kind)
        operand.constant = True
        operand.value = value
        return operand

    # Variables.

    def declarations(self, name: str) -> list[Variable]:
        """Return the declarations that a name can stand for, the innermost first; all but the last are unsure."""
        found: list[Variable] = []
        for known in reversed(self.variables):
            if known.name == name:
                found.append(known)
                if not known.unsure:
                    break
        if len(found) > MAX_UNSURE:
            raise LimitExceeded(f"the template declares {name} too often where it may not come through", "nesting")
        return found

    def declared(self, found: Sequence[Variable]) -> Operand:
        """Return the value of the first of some declarations that the run came through."""
        operands = [known.operand for known in found]
        if not found[0].unsure:
            return operands[0]
        at, codes = self.reached(found)
        holders = ", ".join(one.holder[0] if one.holder else "MISSING" for one in operands)
        held = any(one.holder for one in operands)
        return self.keep(f"({codes},)[{at}]", holder=(self.keep(f"({holders},)[{at}]").code,) if held else ())

    def reached(self, found: Sequence[Variable]) -> tuple[str, str]:
        """Emit the line that finds the first declaration that the run came through; return its index, and all codes."""
        codes = ", ".join(known.operand.code for known in found)
        return self.keep(f"reached({self.emitter.constant(found[0].name)}, {codes})").code, codes

    def declare(self, name: str, value: Operand) -> None:
        if self.unsure or name in self.tree.assigned:
            holder = (self.emitter.name("h"),) if self.changes_holder(name) else value.holder
            operand = Operand(self.emitter.name("v"), holder=holder)
            self.store(name, operand, value)
        else:
            operand = value
        self.variables.append(Variable(name, operand, unsure=self.unsure > 0))
        if self.unsure:
            self.unset += [operand.code, *operand.holder]

    def assign(self, name: str, value: Operand) -> None:
        found = self.declarations(name)
        if not found:
            self.fail(f"undefined variable: {name}")
            return
        if not found[0].unsure:
            self.store(name, found[0].operand, value)
            return
        at, codes = self.reached(found)
        self.emit(f"{codes}, = placed({at}, {value.code}, {codes})")
        if self.changes_holder(name):
            holders = ", ".join(known.operand.holder[0] for known in found)
            self.emit(f"{holders}, = placed({at}, {value.holder[0] if value.holder else 'MISSING'}, {holders})")

    def store(self, name: str, into: Operand, value: Operand) -> None:
        """Emit the line that gives a variable its value."""
        self.emit(f"{into.code} = {value.code}")
        if self.changes_holder(name):
            # Only a loop gives a variable what may be in an interface.
            self.emit(f"{into.holder[0]} = {value.holder[0] if value.holder else 'MISSING'}")

    def changes_holder(self, name: str) -> bool:
        """Return whether a variable can have elements of several values, or at times none."""
        return name in self.tree.assigned and name in self.tree.looped

    @contextmanager
    def unsure_of_declarations(self) -> Iterator[None]:
        """Have variables unset that are declared within but where `unsure`, which the run may not come through."""
        if self.unsure:  # whatever is around does it
            yield
            return
        outer, self.unset = self.unset, []
        before = len(self.emitter.lines)
        self.emitter.line("")
        yield
        self.emitter.lines[before] += "; ".join(f"{name} = UNSET" for name in self.unset)
        self.unset = outer
