"""`eq`, `ne`, `lt`, `le`, `gt` and `ge`: Go's typed comparison, which never converts.

`1` and `1.0` are of two kinds and comparing them is an error, and so is comparing maps or lists: of those only nil
can be asked for. An error's text never quotes a value; where Go does, it says `[redacted]`.
"""

from __future__ import annotations

from typing import Final

from .values import MISSING, Integer, Record, StandIn, Undecided, encoded, is_nil, kind, type_name

_PLAIN: Final = frozenset({str, int, bool, float})
_BASIC: Final = frozenset({"bool", "int", "float64", "complex128", "string"})
_ORDERED: Final = frozenset({"int", "float64", "string"})
_UNCOMPARABLE: Final = frozenset({"map", "slice"})
_REDACTED: Final = "[redacted]"


class ComparisonError(Exception):
    """Two values that Go does not compare; the text is Go's."""


def eq(first: object, *others: object) -> bool:
    """Return whether the first value equals one of the others; they are looked at until one does.

    Raises:
        ComparisonError: There are no others, or two values are of kinds that cannot be compared.
        Undecided: A stand-in is among those looked at.
    """
    if not others:
        raise ComparisonError("missing argument for comparison")
    for other in others:  # noqa: SIM110  # `any` would make a generator, in the most called of all functions
        if equal(first, other):
            return True
    return False


def equal(first: object, second: object) -> bool:
    """Return whether two values are equal; raises as `eq` does."""
    cls = type(first)
    if cls is type(second) and cls in _PLAIN:
        return first == second or (cls is str and _same_bytes(str(first), str(second)))
    _refuse_stand_ins(first, second)
    if _is_absent(first) or _is_absent(second):
        return is_nil(first) and is_nil(second)
    return _equal_kinds(first, second)


def ne(first: object, second: object) -> bool:
    """Return whether two values differ; raises as `eq` does."""
    return not equal(first, second)


def lt(first: object, second: object) -> bool:
    """Return whether one value is less than another: integers, floats, or strings by their bytes.

    Raises:
        ComparisonError: They are of two kinds, or of one without an order.
        Undecided: One of them is a stand-in.
    """
    cls = type(first)
    if cls is type(second) and (cls is int or cls is float):
        return first < second  # type: ignore[operator,no-any-return]  # both are of that kind
    if isinstance(first, str) and isinstance(second, str):
        return first < second if first.isascii() and second.isascii() else encoded(first) < encoded(second)
    return _less(first, second)


def le(first: object, second: object) -> bool:
    """Return whether one value is less than another or equals it; raises as `lt` does."""
    return lt(first, second) or equal(first, second)


def gt(first: object, second: object) -> bool:
    """Return the opposite of `le`: so a NaN is greater than anything, as in Go. Raises as `lt` does."""
    return not le(first, second)


def ge(first: object, second: object) -> bool:
    """Return the opposite of `lt`: so a NaN is greater than anything, as in Go. Raises as `lt` does."""
    return not lt(first, second)


def _same_bytes(first: str, second: str) -> bool:
    """Compare what Go would hold: a joined text may have a character in pieces."""
    return not (first.isascii() or second.isascii()) and encoded(first) == encoded(second)


def _equal_kinds(first: object, second: object) -> bool:
    one, other = _basic_kind(first), _basic_kind(second)
    if one in _BASIC or other in _BASIC:
        if one != other:
            raise ComparisonError(_incompatible(first, second))
        return first == second
    if kind(first) != kind(second):
        names = f"{type_name(first)}, {type_name(second)}"
        raise ComparisonError(f"non-comparable types {_REDACTED}: {names}: {_REDACTED}")
    if is_nil(first) or is_nil(second):
        return is_nil(first) and is_nil(second)
    if not isinstance(second, Record):
        raise ComparisonError(f"non-comparable type {_REDACTED}: {type_name(second)}")
    return _same_record(first, second)


def _basic_kind(value: object) -> str:
    """Return the kind of a value; those of integers are one, as Go compares them by what they are worth."""
    return "int" if isinstance(value, Integer) else kind(value)


def _incompatible(first: object, second: object) -> str:
    return f"incompatible types for comparison: {type_name(first)} and {type_name(second)}"


def _same_record(first: object, second: Record) -> bool:
    if first is second or not isinstance(first, Record):
        return first is second
    if second.is_pointer:
        return first.inner is second.inner is not None
    if first.type_name != second.type_name or first.inner != second.inner:
        return False
    return all(_same_field(first.fields.get(name), value) for name, value in second.fields.items())


def _same_field(first: object, second: object) -> bool:
    """Compare as Go compares interfaces: what differs in its type differs, what has no equality is an error."""
    name = type_name(first)
    if name != type_name(second):
        return False
    if kind(first) in _UNCOMPARABLE:
        raise ComparisonError(f"runtime error: comparing uncomparable type {name}")
    return equal(first, second)


def _less(first: object, second: object) -> bool:
    _refuse_stand_ins(first, second)
    one, other = _basic_kind(first), _basic_kind(second)
    if one not in _BASIC or other not in _BASIC:
        raise ComparisonError("invalid type for comparison")
    if one != other:
        raise ComparisonError(_incompatible(first, second))
    if one not in _ORDERED:
        raise ComparisonError("invalid type for comparison")
    return first < second  # type: ignore[operator,no-any-return]  # both are ordered numbers


def _is_absent(value: object) -> bool:
    return value is None or value is MISSING


def _refuse_stand_ins(*values: object) -> None:
    if any(isinstance(value, StandIn) for value in values):
        raise Undecided
