"""The compiler's half for pipelines: each step becomes a line that leaves its value under a name.

One step a line is what makes errors cheap: nothing about places is done while a template runs; the number of the
line that failed tells the place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from . import nodes, runtime
from .builtins import BUILTINS
from .comparison import eq
from .emitter import Choice
from .functions import ANY, VALUE, Function
from .nodes import Node
from .printf.formats import compiled
from .runtime import LARGE
from .scope import ANYTHING, Operand, Scope
from .values import LIST, MAP

_LISTS: Final = (LIST, MAP, "[]string", "[]int", "[][]interface {}")
_PARTS: Final = frozenset({"slice", "mustSlice", "concat"})
"""Functions that make a list, though of what type is not known before."""
_COPYING: Final = frozenset({"print", "printf", "println"})
"""Functions whose arguments are all in the text that they make, which counts."""


class Expressions(Scope):
    """Compiles the pipelines of one tree."""

    at: Node | Choice | None
    unsure: int

    # Pipelines and commands.

    def pipeline(self, pipe: nodes.Pipe) -> Operand:
        """Compile a pipeline; variables that it declares are in scope from here on."""
        self.at = pipe
        value: Operand | None = None
        for command in pipe.commands:
            if value is not None:
                value = self.unboxed(value)
            value = self.command(command, value)
        assert value is not None  # noqa: S101  # the parser refuses an empty pipeline
        if pipe.variables:
            value = self.unboxed(value)
        for variable in pipe.variables:
            if pipe.assigns:
                self.assign(variable.name, value)
            else:
                self.declare(variable.name, value)
        return value

    def unboxed(self, value: Operand) -> Operand:
        """Return what Go takes out of an interface: nil in one is no value at all."""
        if not value.boxed:
            return value
        return self.keep(f"MISSING if {value.code} is None else {value.code}")

    def command(self, command: nodes.Command, final: Operand | None) -> Operand:
        first, *args = command.terms
        match first:
            case nodes.Field():
                self.at = first
                return self.fields(self.dot, first.names, args, final)
            case nodes.Chain():
                return self.chain(first, args, final)
            case nodes.Identifier():
                return self.function(first, command, args, final)
            case nodes.Pipe():
                return self.plain(first, args, final) or self.pipeline(first)
            case nodes.Variable():
                return self.variable(first, args, final)
        self.at = first
        return self.plain(first, args, final) or self.term(first)

    def plain(self, first: Node, args: Sequence[Node], final: Operand | None) -> Operand | None:
        """Refuse arguments for what is no function."""
        if args or final is not None:
            return self.fail(f"can't give argument to non-function {first}")
        return None

    def term(self, term: Node) -> Operand:
        match term:
            case nodes.Dot():
                return self.dot
            case nodes.Nil():
                return self.fail("nil is not a command")
            case nodes.Bool():
                return self.constant(term.value, "bool")
            case nodes.String():
                return self.constant(term.value, "string")
            case nodes.Number():
                return self.number(term)
        raise TypeError(type(term).__name__)

    def number(self, term: nodes.Number) -> Operand:
        """Return a number whose type nothing asks for."""
        self.at = term
        if term.value is None:
            return self.fail(f"{term.source} overflows int")
        kind = {int: "int", float: "float64", complex: "complex128"}[type(term.value)]
        return self.constant(term.value, kind)

    # Fields and variables.

    def chain(self, chain: nodes.Chain, args: Sequence[Node], final: Operand | None) -> Operand:
        self.at = chain
        if isinstance(chain.term, nodes.Nil):
            return self.fail(f"indirection through explicit nil in {chain}")
        self.at = chain.term
        if isinstance(chain.term, nodes.Pipe):
            base = self.unboxed(self.pipeline(chain.term))
        elif isinstance(chain.term, nodes.Identifier):
            base = self.function(chain.term, chain.term, [], None)
        else:
            raise TypeError(type(chain.term).__name__)
        return self.fields(base, chain.names, args, final)

    def fields(self, base: Operand, names: Sequence[str], args: Sequence[Node], final: Operand | None) -> Operand:
        """Compile a chain of fields, the last of which gets the arguments."""
        for name in names[:-1]:
            base = self.field(base, name)
        if args or final is not None:
            return self.method(base, names[-1], args, final)
        return self.field(base, names[-1])

    def field(self, base: Operand, name: str) -> Operand:
        key = self.emitter.constant(name)
        code = base.code
        slow, holder = f"field({', '.join([code, key, *base.holder])})", (code, key)
        if base.steady and not self.unsure:
            at = self.lookup(code)
            return self.keep(f"{at}[{key}] if {key} in {at} else {slow}", holder=holder, name=name)
        quick = f"{code}[{key}] if type({code}) is dict and {key} in {code}"
        return self.keep(f"{quick} else {slow}", holder=holder, name=name)

    def lookup(self, code: str) -> str:
        """Return the name of the dict in which the fields of a value are; it is found once in a block."""
        if code not in self.lookups:
            name = self.emitter.name("g")
            self.emit(f"{name} = {code} if type({code}) is dict else {code}.fields if type({code}) is Record else NONE")
            self.lookups[code] = name
        return self.lookups[code]

    def method(self, base: Operand, name: str, args: Sequence[Node], final: Operand | None) -> Operand:
        """Compile a call of a method; its arguments are not evaluated where there is no value to call it on."""
        self.flush()
        node, key = self.at, self.emitter.constant(name)
        count = len(args) + (final is not None)
        made, last = Operand(self.emitter.name("t"), holder=(base.code, key)), Choice(self.emitter.name("w"))
        self.emit(f"{made.code}, {last.code} = MISSING, 0")
        with self.unsure_of_declarations():
            self.emit(f"if is_method({', '.join([base.code, key, str(count), *base.holder])}):")
            self.emitter.indent()
            self.unsure += 1
            given = [self.method_argument(base, key, at, arg) for at, arg in enumerate([*args, final][:count])]
            self.unsure -= 1
            last.nodes = [node, self.at]
            self.at = node
            self.emit(f"{last.code} = 1")
            self.emit(f"{made.code} = method({', '.join([base.code, key, *given])})", call=node, name=name)
            self.emitter.dedent()
        self.at = last
        return made

    def method_argument(self, base: Operand, key: str, at: int, arg: Node | Operand | None) -> str:
        """Return the name of an argument; what type a literal is of depends on the method."""
        literal = str(arg) if isinstance(arg, nodes.Bool | nodes.Nil | nodes.Number | nodes.String) else None
        operand = self.argument(arg, VALUE) if isinstance(arg, Node) else arg
        assert operand is not None  # noqa: S101  # there are as many as are counted
        told = f", {self.emitter.constant(literal)}" if literal is not None else ""
        return self.keep(f"method_argument({base.code}, {key}, {at}, {operand.code}{told})").code

    def variable(self, node: nodes.Variable, args: Sequence[Node], final: Operand | None) -> Operand:
        self.at = node
        found = self.declarations(node.name)
        if not found:
            return self.fail(f"undefined variable: {node.name}")
        value = self.declared(found)
        if not node.names:
            return self.plain(node, args, final) or value
        return self.fields(value, node.names, args, final)

    # Calls.

    def function(self, node: nodes.Identifier, call: Node, args: Sequence[Node], final: Operand | None) -> Operand:
        self.at = node
        function = self.options.functions[node.name]
        refusal = function.wrong_count(node.name, len(args), len(args) + (final is not None))
        if refusal:
            return self.fail(refusal)
        if function is BUILTINS["and"] or function is BUILTINS["or"]:
            return self.connective(args, final, stops_at=node.name == "or")
        given = [self.argument(arg, function.parameter(at)) for at, arg in enumerate(args)]
        if final is not None:
            given.append(self.accepted(final, function.parameter(len(args))))
        if function is BUILTINS["slice"]:
            given[1:] = [
                self.keep(f"as_index({', '.join([index.code, *index.holder])})") if index.boxed else index
                for index in given[1:]
            ]
        if function is BUILTINS["call"]:
            given.insert(0, self.constant(str(args[0]) if args else "[redacted]", "string"))
        return self.invocation(node.name, function, call, given)

    def invocation(self, name: str, function: Function, call: Node, given: Sequence[Operand]) -> Operand:
        kind = function.gives
        made = Operand(self.emitter.name("t"), kind, holder=ANYTHING if kind == ANY else ())
        code = self.short_way(function, given)
        if code is None:
            self.weigh(name, function, given)
            code = self.plain_call(function, given)
        if function.changes:
            self.flush()
            self.emit("run.measure()")
        self.emit(f"{made.code} = {code}", call=call, name=name)
        if kind == "string":
            self.emit(f"if len({made.code}) > {LARGE}: run.charge({made.code})", call=call)
        elif (kind in _LISTS and not function.changes) or name in _PARTS:
            self.emit(f"run.weigh({made.code})", call=call)
        return made

    def weigh(self, name: str, function: Function, given: Sequence[Operand]) -> None:
        """Emit lines that take note of long texts which a function reads."""
        if name in _COPYING or (function.decides and any(operand.constant for operand in given)):
            return  # what is compared with something short takes no longer
        for at, operand in enumerate(given):
            kind = function.parameter(at)
            if operand.constant or kind not in ("string", VALUE):
                continue
            is_text = "" if kind == "string" else f"type({operand.code}) is str and "
            self.emit(f"if {is_text}len({operand.code}) > {LARGE}: run.weigh({operand.code})")

    def plain_call(self, function: Function, given: Sequence[Operand]) -> str:
        if function is BUILTINS["printf"] and given[0].constant:
            # A format that is part of the template is read once.
            callee = self.emitter.bind("p", Function(compiled(str(given[0].value), len(given) - 1), rest=ANY))
            given = given[1:]
        else:
            callee = self.emitter.bind("f", function)
        codes = ["run"] * function.needs_run + [operand.code for operand in given]
        return f"{callee}({', '.join(codes)})"

    def short_way(self, function: Function, given: Sequence[Operand]) -> str | None:
        """Return code that spares a call in common cases, or None."""
        if function is BUILTINS["not"]:
            return f"not {given[0].code}"
        if function.call is eq:
            return self.short_equality(*given)
        return None

    def short_equality(self, first: Operand, *others: Operand) -> str | None:
        if len(others) != 1:
            return None
        for one, other in ((first, *others), (*others, first)):
            if other.constant and isinstance(other.value, str) and other.value.isascii():
                callee = self.emitter.bind("f", BUILTINS["eq"])
                return (
                    f"{one.code} == {other.code} if type({one.code}) is str else "
                    f"{callee}({first.code}, {others[0].code})"
                )
        return None

    def connective(self, args: Sequence[Node], final: Operand | None, *, stops_at: bool) -> Operand:
        """Compile `and` or `or`, which evaluate no further argument once one decides."""
        if final is not None and not args:
            return final
        self.flush()  # an argument that is not evaluated must not keep it back
        made = Operand(self.emitter.name("t"), holder=ANYTHING)
        last = Choice(self.emitter.name("w"))
        with self.unsure_of_declarations():
            for at, arg in enumerate(args):
                self.unsure += at > 0
                self.emit(f"{made.code} = {self.argument(arg, VALUE).code}")
                self.emit(f"{last.code} = {at}")
                last.nodes.append(self.at)
                if at < len(args) - 1 or final is not None:
                    self.emit(f"if {'not ' if stops_at else ''}{made.code}:")
                    self.emitter.indent()
            if final is not None:
                self.emit(f"{made.code} = {final.code}")
            self.unsure -= max(len(args) - 1, 0)
        for _ in range(len(args) - (final is None)):
            self.emitter.dedent()
        self.at = last
        return made

    # Arguments.

    def argument(self, node: Node, kind: str) -> Operand:  # noqa: PLR0911  # one for each kind of term
        """Compile an argument of a type."""
        self.at = node
        match node:
            case nodes.Dot():
                return self.accepted(self.dot, kind)
            case nodes.Nil():
                return self.nil(kind)
            case nodes.Field():
                return self.accepted(self.fields(self.dot, node.names, [], None), kind)
            case nodes.Variable():
                return self.accepted(self.variable(node, [], None), kind)
            case nodes.Pipe():
                return self.accepted(self.pipeline(node), kind, piped=True)
            case nodes.Identifier():
                return self.accepted(self.function(node, node, [], None), kind)
            case nodes.Chain():
                return self.accepted(self.chain(node, [], None), kind)
        return self.literal(node, kind)

    def nil(self, kind: str) -> Operand:
        if not runtime.is_nillable(kind):
            return self.fail(f"cannot assign nil to {kind}")
        return Operand("MISSING" if kind == VALUE else "None")

    def literal(self, node: Node, kind: str) -> Operand:
        if kind in (ANY, VALUE):
            return self.term(node)
        if kind == "bool":
            value = node.value if isinstance(node, nodes.Bool) else None
        elif kind == "string":
            value = node.value if isinstance(node, nodes.String) else None
        elif kind in ("int", "float64"):
            number = node if isinstance(node, nodes.Number) else None
            value = number and (number.as_int if kind == "int" else number.as_float)
        elif kind == "uint32":
            value = _unsigned(node)
        else:
            return self.fail(f"can't handle {node} for arg of type {kind}")
        if value is None:
            return self.fail(f"expected {_EXPECTED.get(kind, kind)}; found {node}")
        return self.constant(value, kind)

    def accepted(self, value: Operand, kind: str, *, piped: bool = False) -> Operand:
        """Return the value as an argument of a type, or have the run end."""
        if (value.kind == kind and kind != ANY) or (value.constant and kind in (ANY, VALUE)):
            return value
        if kind == VALUE:
            return self.unboxed(value) if piped else value
        if kind == ANY:
            return self.keep(f"None if {value.code} is MISSING else {value.code}") if value.kind == ANY else value
        boxed = value.boxed and not piped
        check = self.emitter.bind("c", runtime.argument_check(kind, boxed=boxed))
        quick = _QUICK.get(kind)
        code = f"{check}({value.code})"
        return self.keep(f"{value.code} if type({value.code}) is {quick} else {code}" if quick else code, kind)


def _unsigned(node: Node) -> int | None:
    """Return a literal as one of 32 bits, which Go cuts it to; None if it is none, or negative."""
    number = node.as_int if isinstance(node, nodes.Number) else None
    return None if number is None or number < 0 else number % 2**32


_EXPECTED: Final = {"int": "integer", "float64": "float", "uint32": "unsigned integer"}
_QUICK: Final = {"string": "str", "int": "int", "float64": "float", "bool": "bool", MAP: "dict", LIST: "list"}
