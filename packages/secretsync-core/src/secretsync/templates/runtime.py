"""What compiled templates call where no short way through their own code applies.

Two views of nil: a value that Go holds in an interface (an element of a map or a list) is a nil *interface*, here
None; once a pipeline has passed it on there is no value at all, here `MISSING`.

Errors name the type by which Go holds a value: `interface {}` for an element of a list of anything, `int` for a turn
of a loop over 3. What a value was taken from tells which, so that comes along as its holder, and where that is a
record, the name of the field as `key`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeVar

from .builtins import BOXED
from .errors import Excess, Failure
from .functions import ANY, VALUE, Function
from .limits import Limits
from .printing import text
from .quoting import quote
from .sources import SYSTEM, Sources
from .values import (
    LIST,
    MAP,
    MISSING,
    Integer,
    Named,
    Record,
    StandIn,
    TypedMap,
    Undecided,
    encoded,
    expanded,
    type_name,
)

MissingKey = Literal["default", "zero", "error"]
MANY: Final = 1024
"""Pieces of output between two looks at its size."""
LARGE: Final = 4096
"""Characters of a text, and parts of another value, from which on it counts what a function does with it."""
READ, MADE, HELD = 128, 512, 16
"""Characters of a long text that is read, or made, and parts of a large value, that take as long as a turn of a loop."""


T = TypeVar("T")


class Run:
    """One rendering: its output so far, what it has used of its limits, its time and chance. For one thread."""

    __slots__ = ("iterations", "large", "limits", "pieces", "size", "sources", "written")

    def __init__(self, limits: Limits, sources: Sources = SYSTEM) -> None:
        self.limits: Limits = limits
        self.sources: Sources = sources
        self.pieces: list[object] = []
        self.written: list[str] = []
        self.size: int = 0
        self.iterations: int = 0
        self.large: int = 0

    def measure(self) -> None:
        """Write the pieces so far, and check the size of the output."""
        for at in range(0, len(self.pieces), MANY):
            piece = _joined(self.pieces[at : at + MANY])
            self.written.append(piece)
            self.size += len(piece)
            if self.size > self.limits.output:
                raise Excess(f"the output is longer than {self.limits.output} characters", "output")
        self.pieces.clear()
        self.large = 0

    def finish(self) -> str:
        """Return the output."""
        self.measure()
        return self.written[0] if len(self.written) == 1 else "".join(self.written)

    def charge(self, made: str) -> None:
        """Take note of a long text that a function made."""
        self.check_text(len(made))
        self.spend(len(made) // MADE)
        self.large += len(made)
        if self.large > self.limits.output:
            self.measure()

    def weigh(self, value: object) -> None:
        """Take note of what a function reads, or of the parts of what it made."""
        if isinstance(value, str | Mapping | list | tuple) and len(value) > LARGE:
            self.spend(len(value) // (READ if isinstance(value, str) else HELD))

    def too_deep(self) -> None:
        raise Excess(f"exceeded maximum template depth ({self.limits.depth})", "depth")

    def spend(self, turns: int) -> None:
        """Take note of turns of a loop before it begins, or of what takes as long."""
        self.iterations += turns
        if self.iterations > self.limits.iterations:
            raise Excess(f"more than {self.limits.iterations} turns of loops, or of what takes as long", "iterations")

    def check_items(self, count: int) -> None:
        """Refuse to make a list of so many elements."""
        if count > self.limits.items:
            raise Excess(f"a list of more than {self.limits.items} elements", "items")

    def check_walk(self, value: object) -> None:
        """Refuse to walk through a value that has parts over and over, or holds itself."""
        if expanded(value) > self.limits.items:
            raise Excess(f"a value with more than {self.limits.items} parts", "items")

    def check_text(self, length: int) -> None:
        """Refuse to make a text of so many characters."""
        if length > self.limits.text:
            raise Excess(f"a function made a text of more than {self.limits.text} characters", "text")

    def turns(self, found: Iterable[T], count: int, weight: int) -> Iterable[T]:
        """Return what a loop goes through, or nothing if that is empty."""
        self.spend(count * weight)
        if len(self.pieces) > MANY:
            self.measure()
        if count > MANY:
            return self._measured(found)
        return found if count else ()

    def _measured(self, found: Iterable[T]) -> Iterator[T]:
        for at, element in enumerate(found):
            if not at % MANY:
                self.measure()
            yield element

    def elements(self, value: object, weight: int = 1, *, integers: bool = True) -> Iterable[object]:
        """Return what a loop with at most one variable goes through."""
        found = value if isinstance(value, list) else self._elements(value, integers=integers)
        if isinstance(value, Integer):
            return self.turns(map(type(value), range(value)), len(found), weight)
        return self.turns(found, len(found), weight)

    def _elements(self, value: object, *, integers: bool) -> Sequence[object]:
        if isinstance(value, list | tuple):
            return value
        if isinstance(value, Mapping):
            return [value[key] for key in sorted_keys(value)]
        if integers and isinstance(value, int) and not isinstance(value, bool):
            return range(value)
        return _no_elements(value)

    def pairs(self, value: object, weight: int = 1, *, integers: bool = True) -> Iterable[tuple[object, object]]:
        """Return what a loop with two variables goes through: positions or keys, with the elements."""
        if isinstance(value, list | tuple):
            return self.turns(enumerate(value), len(value), weight)
        if isinstance(value, Mapping):
            return self.turns([(key, value[key]) for key in sorted_keys(value)], len(value), weight)
        if integers and isinstance(value, int) and not isinstance(value, bool):
            raise Failure("can't use [redacted] to iterate over more than one variable")
        _no_elements(value)
        return ()


def _joined(pieces: Sequence[object]) -> str:
    try:
        return "".join(pieces)  # type: ignore[arg-type]  # most often they are
    except TypeError:
        # `__class__` costs half of what `type` does; a piece is what a template printed, mostly text and numbers.
        return "".join(
            [
                piece if piece.__class__ is str else str(piece) if piece.__class__ is int else text(piece)
                for piece in pieces
            ]
        )


def _no_elements(value: object) -> Sequence[object]:
    if value is None or value is MISSING:
        return ()
    if isinstance(value, StandIn):
        raise Undecided
    raise Failure("range can't iterate over [redacted]")


def sorted_keys(value: Mapping[str, object]) -> Iterable[str]:
    """Return the keys in the order of their bytes."""
    try:
        "".join(value).encode()
    except UnicodeEncodeError:  # only what is no UTF-8 is ordered otherwise as characters than as bytes
        return sorted(value, key=encoded)
    return sorted(value)


def in_interface(holder: object, key: str = "") -> bool:
    """Return whether what was taken from a value is held in an interface."""
    if isinstance(holder, Record):
        return key in holder.of_any
    return type_name(holder) in (LIST, MAP)


def as_index(value: object, holder: object, key: str = "") -> object:
    """Return an index of `slice`: of all arguments, Go does not take this one out of an interface and refuses it."""
    return value if value is MISSING or not in_interface(holder, key) else BOXED


def field_access(missing_key: MissingKey) -> Callable[..., object]:
    """Return the function that looks a field up."""

    def field(value: object, name: str, holder: object = MISSING, key: str = "") -> object:
        if isinstance(value, Mapping):
            found = value.get(name, absent)
            if found is MISSING and missing_key == "error":
                raise Failure(f"map has no entry for key {quote(name)}")
            return value.zero if found is None and isinstance(value, TypedMap) else found
        if isinstance(value, StandIn):
            return StandIn()
        if value is MISSING:
            if missing_key == "error":
                raise Failure(f"nil data; no entry for key {quote(name)}")
            return value
        if value is None:
            raise Failure(f"nil pointer evaluating interface {{}}.{name}")
        if isinstance(value, Record | Named) and (name in value.methods or name in value.fields):
            return _callable(value, name, 0)() if name in value.methods else value.fields[name]
        raise Failure(f"can't evaluate field {name} in type {ANY if in_interface(holder, key) else type_name(value)}")

    absent = None if missing_key == "zero" else MISSING
    return field


def method_check(field: Callable[..., object]) -> Callable[..., bool]:
    """Return the function that refuses to call what cannot be called with so many arguments.

    It returns whether there is anything to call. What has neither fields nor methods is refused as by `field`.
    """

    def is_method(value: object, name: str, count: int, *holder: object) -> bool:
        if isinstance(value, StandIn):
            return True
        if isinstance(value, Record | Named):
            if name in value.methods:
                _callable(value, name, count)
                return True
            if name in value.fields:
                raise Failure(f"{name} has arguments but cannot be invoked as function")
        if isinstance(value, Mapping):
            raise Failure(f"{name} is not a method but has arguments")
        field(value, name, *holder)
        return False

    return is_method


def _callable(value: Record | Named, name: str, count: int) -> Callable[..., object]:
    """Return a method if it takes so many arguments."""
    found = value.methods[name]
    refusal = found.wrong_count(name, count, count) if isinstance(found, Function) else None
    if refusal is not None:
        raise Failure(refusal)
    return found


def method(value: object, name: str, *args: object) -> object:
    """Call a method, of whose answer nothing is known if nothing is of the value."""
    return value.methods[name](*args) if isinstance(value, Record | Named) else value


def method_argument(value: object, name: str, at: int, arg: object, literal: str | None = None) -> object:
    """Return an argument for a method; of one that declares its parameters, it must be of the type.

    A literal has its text with it: what type it is of depends on the parameter.
    """
    method = value.methods.get(name) if isinstance(value, Record | Named) else None
    if isinstance(method, Function):
        kind = method.parameter(at)
        arg = argument_check(kind, boxed=True)(arg) if literal is None else _literal_argument(kind, arg, literal)
    return None if arg is MISSING else arg


def _literal_argument(kind: str, value: object, literal: str) -> object:
    if (
        (kind in (ANY, VALUE) and literal != "nil")
        or type_name(value) == kind
        or (kind == "time.Duration" and type(value) is int)
    ):
        return value
    if literal == "nil":
        if is_nillable(kind):
            return None
        raise Failure(f"cannot assign nil to {kind}")
    expected = _LITERALS.get(kind)
    if expected is None:
        raise Failure(f"can't handle {literal} for arg of type {kind}")
    raise Failure(f"expected {expected}; found {literal}")


_LITERALS: Final = {
    "bool": "bool",
    "float64": "float",
    "int": "integer",
    "string": "string",
    "time.Duration": "integer",
}
"""What is expected of a literal for a parameter; for others there are none."""


def argument_check(kind: str, *, boxed: bool) -> Callable[[object], object]:
    """Return the function that refuses a value as an argument of a type, or returns it."""

    def check(value: object) -> object:
        if isinstance(value, StandIn) or kind in (ANY, VALUE) or type_name(value) == kind:
            return value
        nil = value is None or value is MISSING
        if nil and (value is MISSING or not boxed):
            if kind in (MAP, LIST):
                return None
            raise Failure(f"invalid value; expected {kind}")
        raise Failure(f"wrong type for value; expected {kind}; got {ANY if nil else type_name(value)}")

    return check


def is_nillable(kind: str) -> bool:
    """Return whether an untyped nil is a value of a type."""
    return kind in (ANY, VALUE, MAP, LIST)


class _Unset:
    """The type of `UNSET`."""

    __slots__ = ()


UNSET: Final = _Unset()
"""The value of a variable whose declaration has not been reached."""


def reached(name: str, *values: object) -> int:
    """Return the index of the first declaration of a variable that the run came through, by their values."""
    for at, value in enumerate(values):
        if value is not UNSET:
            return at
    raise Failure(f"undefined variable: {name}")


def placed(at: int, value: object, *values: object) -> list[object]:
    """Return values, of which one is replaced."""
    return [*values[:at], value, *values[at + 1 :]]
