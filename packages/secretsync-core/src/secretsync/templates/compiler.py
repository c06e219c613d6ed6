"""The compiler: from trees to Python functions, one for each named template.

The source of all templates of a set is one module, compiled and executed once in a namespace that holds its
constants, the functions of the dialect and `runtime`, and no builtins. A block of the template is a block of Python,
a variable is a local variable, a value printed is a piece appended to a list.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Final

from . import nodes, runtime
from .emitter import Emitter, Place
from .errors import Failure, LimitExceeded
from .expressions import Expressions
from .functions import ANY
from .limits import Limits
from .nodes import Node, Tree
from .printing import text
from .quoting import quote
from .scope import KEY, Operand, Options, Variable
from .values import LIST, MISSING, Record

FILE: Final = "<template>"
MAX_PIECES: Final = 50
"""Pieces of output in one line."""
MAX_NESTED: Final = 10
"""Conditions of an `else if` chain that are compiled as Python's `else`."""
MAX_INLINE: Final = 20
"""Nodes of a template that is compiled where it is called."""
_ELEMENTS: Final = {
    "int": "int",
    "int64": "int64",
    "[]int": "int",
    "[]string": "string",
    "[][]interface {}": LIST,
    "map[string]string": "string",
}
"""The types of what a loop goes through, where that is known."""
STEPS: Final = 64
"""Lines that take as long as a turn of a loop may; what has more counts as several."""
ENDED, BROKEN, CONTINUED = 0, 1, 2
"""How a block that is a function of its own came to its end."""
_PYTHON: Final = ("bool", "dict", "float", "int", "len", "list", "str", "type")
"""All that the source names of Python itself."""


class Program:
    """Compiled templates, not yet bound to functions.

    Attributes:
        code: The module.
        entries: The name of each template's function in it.
        places: Where the lines of the module belong.
        constants: What it names, `Function`s included.
    """

    __slots__ = ("code", "constants", "entries", "options", "places", "source")

    def __init__(self, emitter: Emitter, entries: Mapping[str, str], options: Options) -> None:
        self.source: str = emitter.source
        self.code: CodeType = compile(self.source, FILE, "exec")
        self.entries: Mapping[str, str] = entries
        self.places: Mapping[int, Place] = emitter.places
        self.constants: Mapping[str, object] = emitter.constants
        self.options: Options = options


def compile_trees(trees: Mapping[str, Tree], options: Options, limits: Limits) -> Program:
    """Return the program of a set of templates.

    Raises:
        LimitExceeded: A template is nested too deeply.
    """
    emitter = Emitter()
    entries = {name: emitter.name("template") for name in trees}
    called = frozenset[str]().union(*(tree.calls for tree in trees.values()))
    try:
        for name, tree in trees.items():
            depth = limits.depth if name in called or not limits.depth else None  # else it is never within another
            _Body(emitter, tree, options, trees=trees, entries=entries, depth=depth).compile(entries[name])
        return Program(emitter, entries, options)
    except RecursionError:
        raise LimitExceeded("the blocks of the template are nested too deeply", "nesting") from None


def globals_of(options: Options) -> dict[str, object]:
    """Return what every program has at hand besides its constants."""
    field = runtime.field_access(options.missing_key)
    return {
        "__builtins__": {name: vars(builtins)[name] for name in _PYTHON},
        "MISSING": MISSING,
        "ONCE": (None,),
        "UNSET": runtime.UNSET,
        "Failure": Failure,
        "NONE": {},
        "Record": Record,
        "as_index": runtime.as_index,
        "field": field,
        "is_method": runtime.method_check(field),
        "method": runtime.method,
        "method_argument": runtime.method_argument,
        "placed": runtime.placed,
        "reached": runtime.reached,
    }


class _Body(Expressions):
    """Compiles the statements of one tree."""

    def __init__(
        self,
        emitter: Emitter,
        tree: Tree,
        options: Options,
        *,
        trees: Mapping[str, Tree],
        entries: Mapping[str, str],
        depth: int | None,
    ) -> None:
        super().__init__(emitter, tree, options)
        self.trees = trees
        self.entries = entries
        self.depth = depth
        self.pieces: list[str | Operand] = []
        self.again: str | None = None
        self.loops = 0
        self.changed: Sequence[str] = ()

    def compile(self, function: str) -> None:
        self.emitter.begin(function, "d, out, outs, run, depth")
        root = ["v = d"] * ("$" in self.tree.assigned) + ["h = MISSING"] * self.changes_holder("$")
        before, at = self.emitter.steps, len(self.emitter.lines)
        if self.depth is not None:
            self.emitter.line("")
        self.whole(self.tree.body, root)
        if self.depth is not None:
            self.emitter.lines[at] = f" run.spend({self.weight(before)})"
        self.emitter.end()

    def weight(self, before: int) -> int:
        """Return as how many turns of a loop it counts what has been emitted since."""
        return 1 + (self.emitter.steps - before) // STEPS

    def whole(self, body: Sequence[Node], first: Sequence[str] = ()) -> None:
        """Compile all of a function: some lines and a block."""
        self.emitter.line("; ".join([*first, "pass"]))
        self.block(body)

    # Output.

    def flush(self) -> None:
        """Emit the line that appends what has been printed so far."""
        codes = [self.piece(piece) for piece in self.pieces]
        self.pieces.clear()
        if len(codes) == 1:
            self.emitter.line(f"out({codes[0]})")
        elif codes:
            self.emitter.line(f"outs(({', '.join(codes)}))")

    def piece(self, piece: str | Operand) -> str:
        if isinstance(piece, str):
            return self.emitter.constant(piece)
        # Written at once, a number costs less than in the end among texts.
        return f'f"{{{piece.code}}}"' if piece.kind in ("int", "int64", KEY) else piece.code

    def print(self, value: Operand) -> None:
        if value.constant:
            self.print_text(text(value.value))
            return
        if len(self.pieces) >= MAX_PIECES:
            self.flush()
        self.pieces.append(value)

    def print_text(self, plain: str) -> None:
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, str):
            self.pieces[-1] = last + plain
        else:
            self.pieces.append(plain)

    # Statements.

    def block(self, body: Sequence[Node]) -> None:
        before = len(self.emitter.lines)
        for node in body:
            self.statement(node)
        self.flush()
        if len(self.emitter.lines) == before:
            self.emitter.line("pass")

    def statement(self, node: Node) -> None:
        self.at = node
        match node:
            case nodes.Text():
                self.print_text(node.text)
            case nodes.Action():
                self.action(node)
            case nodes.If() | nodes.With():
                self.condition(node)
            case nodes.Range():
                self.loop(node)
            case nodes.Call():
                self.template(node)
            case nodes.Break():
                self.flush()
                self.break_()
            case nodes.Continue():
                self.flush()
                self.continue_()

    def action(self, node: nodes.Action) -> None:
        value = self.pipeline(node.pipe)
        if not node.pipe.variables:
            self.print(value)

    def assign(self, name: str, value: Operand) -> None:
        self.flush()  # what was printed before has the old value
        super().assign(name, value)

    def condition(self, node: nodes.Branch) -> None:
        declared = len(self.variables)
        chain = _chain(node)
        if len(chain) > MAX_NESTED:
            self.flat_chain(chain)
        else:
            self.when(node)
            if node.otherwise:
                self.emitter.line("else:")
                self.nested(node.otherwise)
        del self.variables[declared:]

    def when(self, node: nodes.Branch) -> None:
        """Compile the pipeline of an `if` or `with`, and its body."""
        dot = self.dot
        value = self.pipeline(node.pipe)
        if isinstance(node, nodes.With):
            value = self.unboxed(value)
        self.flush()
        self.emit(f"if {value.code}:")
        if isinstance(node, nodes.With):
            self.dot = _steady(value)
        self.nested(node.body)
        self.dot = dot

    def flat_chain(self, chain: Sequence[nodes.Branch]) -> None:
        """Compile many `else if` one after another: within each other, Python would not have them."""
        self.flush()
        pending = self.emitter.name("b")
        self.emitter.line(f"{pending} = True")
        for link in chain:
            lookups = dict(self.lookups)
            self.emitter.line(f"if {pending}:")
            self.emitter.indent()
            self.when(link)
            self.emitter.line(f" {pending} = False")
            self.emitter.dedent()
            self.lookups = lookups
        if chain[-1].otherwise:
            self.emitter.line(f"if {pending}:")
            self.nested(chain[-1].otherwise)

    def nested(self, body: Sequence[Node], *, loop: bool = False) -> None:
        """Compile a block within another; variables that it declares end with it."""
        declared, lookups = len(self.variables), dict(self.lookups)
        self.emitter.indent(loop=loop)
        if self.emitter.is_deep:
            self.outlined(body)
        else:
            self.block(body)
        self.emitter.dedent(loop=loop)
        del self.variables[declared:]
        self.lookups = lookups

    def outlined(self, body: Sequence[Node]) -> None:
        """Compile a block as a function of its own, as Python nests neither blocks nor loops as deep as Go does.

        It is called with all that it may name, and returns how it ended and the variables that it may have changed.
        """
        held = [self.dot, *(variable.operand for variable in self.variables)]
        given = dict.fromkeys(code for operand in held for code in self.named(operand))
        changed = dict.fromkeys(code for known in self.variables for code in self.may_change(known))
        function, parameters = self.emitter.name("block"), ", ".join(["out", "outs", "run", "depth", *given])
        outside = self.loops, self.again, self.changed
        self.loops, self.again, self.changed, self.lookups = 0, None, tuple(changed), {}
        self.emitter.begin(function, parameters)
        self.whole(body)
        self.leave(ENDED)
        self.emitter.end()
        self.loops, self.again, self.changed = outside
        how = self.emitter.name("h")
        self.emit(f"{', '.join([how, *changed])}, = {function}({parameters})")
        for code, go_on in ((BROKEN, self.break_), (CONTINUED, self.continue_)):
            if _leaves(body):
                self.emitter.line(f"if {how} == {code}:")
                self.emitter.indent()
                go_on()
                self.emitter.dedent()

    def named(self, operand: Operand) -> list[str]:
        """Return the local variables by which the source names a value."""
        codes = [operand.code, *operand.holder]
        return [code for code in codes if code not in self.emitter.constants and code not in ("MISSING", "NONE")]

    def may_change(self, known: Variable) -> list[str]:
        """Return the local variables of a variable that a block may leave changed."""
        if known.name not in self.tree.assigned:
            return []
        return self.named(known.operand) if self.changes_holder(known.name) else [known.operand.code]

    def leave(self, how: int) -> None:
        """Leave a block that is a function of its own."""
        self.emitter.line(f"return {', '.join([str(how), *self.changed])},")

    def loop(self, node: nodes.Range) -> None:
        declared, dot = len(self.variables), self.dot
        value = self.lasting(self.pipeline(node.pipe))
        self.flush()
        count = len(node.pipe.variables)
        method = "pairs" if count > 1 else "elements"
        limit = "" if self.options.integers else ", integers=False"
        at, before = len(self.emitter.lines), self.emitter.steps
        items = self.keep("")
        self.emit(f"if {items.code}:")
        self.emitter.indent()
        names = [self.emitter.name("e") for _ in range(max(count, 1))]
        self.emit(f"for {', '.join(names)} in {items.code}:")
        self.turn(node, names, value)
        weight = self.weight(before)
        self.emitter.lines[at] += f"run.{method}({value.code}{f', {weight}' if weight > 1 else ''}{limit})"
        self.dot = dot
        self.emitter.dedent()
        if node.otherwise:
            self.emitter.line("else:")
            self.instead_of_loop(node.otherwise)
        del self.variables[declared:]

    def lasting(self, value: Operand) -> Operand:
        """Return a value under a name that no assignment gives another."""
        changing = {known.operand.code for known in self.variables if known.name in self.tree.assigned}
        return self.keep(value.code, value.kind, holder=value.holder) if value.code in changing else value

    def instead_of_loop(self, body: Sequence[Node]) -> None:
        """Compile the `else` of a loop; in Go a `break` leaves this alone, a `continue` goes on with the loop around."""
        if not _leaves(body):
            self.nested(body)
            return
        outer, again = self.again, self.emitter.name("g")
        self.emitter.indent()
        self.emit(f"{again} = False")
        self.emit("for _ in ONCE:")
        self.again = again
        self.loops += 1
        self.nested(body, loop=True)
        self.loops -= 1
        self.again = outer
        self.emit(f"if {again}:")
        self.emitter.indent()
        self.continue_()
        self.emitter.dedent()
        self.emitter.dedent()

    def break_(self) -> None:
        if self.loops:
            self.emitter.line("break")
        else:
            self.leave(BROKEN)

    def continue_(self) -> None:
        if self.again is not None:
            self.emitter.line(f"{self.again} = True; break")
        elif self.loops:
            self.emitter.line("continue")
        else:
            self.leave(CONTINUED)

    def turn(self, node: nodes.Range, names: Sequence[str], value: Operand) -> None:
        """Compile the body of a loop, whose variables have the value of the pipeline only in its `else`."""
        pipe = node.pipe
        declared: list[Variable] = []
        kind = _ELEMENTS.get(value.kind, ANY)
        self.dot = Operand(names[-1], kind, holder=(value.code,) if kind == ANY else (), steady=True)
        held = [Operand(name, KEY) for name in names[:-1]] + [self.dot]
        lookups, outer = dict(self.lookups), self.again
        self.again = None
        self.emitter.indent(loop=True)
        if pipe.assigns:
            for variable, operand in zip(pipe.variables, held, strict=False):
                self.assign(variable.name, operand)
        elif pipe.variables:
            declared = self.variables[len(self.variables) - len(pipe.variables) :]
            del self.variables[len(self.variables) - len(pipe.variables) :]
            for variable, operand in zip(pipe.variables, held, strict=True):
                self.declare(variable.name, operand)
        self.emitter.dedent(loop=True)
        self.loops += 1
        self.nested(node.body, loop=True)
        self.loops -= 1
        self.again, self.lookups = outer, lookups
        if pipe.variables and not pipe.assigns:
            self.variables[len(self.variables) - len(pipe.variables) :] = declared

    def template(self, node: nodes.Call) -> None:
        self.at = node
        if node.name not in self.entries:
            self.fail(f"template {quote(node.name)} not defined")
            return
        if self.depth is not None:
            self.flush()
            self.emit(f"if depth >= {self.depth}: run.too_deep()")
        dot = Operand("MISSING") if node.pipe is None else self.unboxed(self.pipeline(node.pipe))
        if _is_small(self.trees[node.name]):
            self.inline(self.trees[node.name], dot)
            return
        self.flush()
        self.at = node
        self.emit(f"{self.entries[node.name]}({dot.code}, out, outs, run, depth + 1)")

    def inline(self, tree: Tree, dot: Operand) -> None:
        """Compile a small template where it is called: most of what it prints then goes out with what is around it."""
        outside = self.tree, self.dot, self.variables, self.again
        self.tree, self.dot, self.again = tree, _steady(dot), None
        self.variables = [Variable("$", self.dot, unsure=False)]
        for statement in tree.body:
            self.statement(statement)
        self.tree, self.dot, self.variables, self.again = outside


def _steady(value: Operand) -> Operand:
    return Operand(value.code, value.kind, holder=value.holder, steady=True)


def _is_small(tree: Tree) -> bool:
    """Return whether a template is worth repeating wherever it is called; it must not call any itself."""
    return "$" not in tree.assigned and _size(tree.body) <= MAX_INLINE


def _size(body: Sequence[Node]) -> int:
    """Return the number of nodes; as soon as there are too many, or a call is among them, more than may be."""
    total = len(body)
    for node in body:
        if isinstance(node, nodes.Call):
            return MAX_INLINE + 1
        if isinstance(node, nodes.Branch) and total <= MAX_INLINE:
            total += _size(node.body) + _size(node.otherwise)
    return total


def _chain(node: nodes.Branch) -> list[nodes.Branch]:
    """Return a condition and those that follow it by `else if` or `else with`."""
    chain = [node]
    while len(chain[-1].otherwise) == 1 and isinstance(following := chain[-1].otherwise[0], type(node)):
        chain.append(following)
    return chain


def _leaves(body: Sequence[Node]) -> bool:
    """Return whether there is a `break` or `continue` that is not of a loop within."""
    found = list(body)
    while found:
        node = found.pop()
        if isinstance(node, nodes.Break | nodes.Continue):
            return True
        if isinstance(node, nodes.If | nodes.With):
            found += (*node.body, *node.otherwise)
        elif isinstance(node, nodes.Range):
            found += node.otherwise
    return False
