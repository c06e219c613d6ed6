"""Sprig's chapter on lists. A function and its form with `must` fail alike: a template sees no difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from ..runtime import Run
from ..values import LIST, TypedList, kind, part
from .conversion import to_int
from .reflection import deep_equal

List = list[object]
_NO_TYPE: Final = "runtime error: invalid memory address or nil pointer dereference"
_LISTS: Final = "[][]interface {}"


def _elements(value: object, refusal: str) -> Sequence[object]:
    """Return the elements of a list; of what is none, the kind goes into the text of the error."""
    if isinstance(value, list | tuple):
        return value
    raise FunctionError(_NO_TYPE if value is None else refusal.format(kind(value)))


def append(run: Run, values: object, value: object) -> List:
    found = _elements(values, "Cannot push on type {}")
    run.check_items(len(found) + 1)
    return [*found, value]


def prepend(run: Run, values: object, value: object) -> List:
    found = _elements(values, "Cannot prepend on type {}")
    run.check_items(len(found) + 1)
    return [value, *found]


def first(values: object) -> object:
    found = _elements(values, "Cannot find first on type {}")
    return found[0] if found else None


def last(values: object) -> object:
    found = _elements(values, "Cannot find last on type {}")
    return found[-1] if found else None


def rest(values: object) -> List:
    """Return all elements but the first; of an empty list, a nil one."""
    found = _elements(values, "Cannot find rest on type {}")
    return list(found[1:]) if found else TypedList(LIST, is_nil=True)


def initial(values: object) -> List:
    """Return all elements but the last; of an empty list, a nil one."""
    found = _elements(values, "Cannot find initial on type {}")
    return list(found[:-1]) if found else TypedList(LIST, is_nil=True)


def reverse(values: object) -> List:
    return list(_elements(values, "Cannot find reverse on type {}")[::-1])


def compact(run: Run, values: object) -> List:
    """Return the elements that are not empty."""
    found = _elements(values, "Cannot compact on type {}")
    run.weigh(found)
    return [element for element in found if element]


def unique(run: Run, values: object) -> List:
    """Return the elements without those that are deeply equal to one before."""
    made: List = []
    for element in _elements(values, "Cannot find uniq on type {}"):
        if not _is_among(run, element, made):
            made.append(element)
    return made


def without(run: Run, values: object, *omitted: object) -> List:
    """Return the elements that are deeply equal to none of some values."""
    found = _elements(values, "Cannot find without on type {}")
    return [element for element in found if not _is_among(run, element, omitted)]


def has(run: Run, value: object, values: object) -> bool:
    """Return whether an element is deeply equal to a value."""
    return values is not None and _is_among(run, value, _elements(values, "Cannot find has on type {}"))


def _is_among(run: Run, value: object, others: Sequence[object]) -> bool:
    run.spend(len(others))
    return any(deep_equal(run, value, other) for other in others)


def slice_(values: object, *bounds: object) -> object:
    """Return the elements from a position to another, as a list of the same type; of an empty list, nil.

    Behind the end there is nothing, while Go shows what it has reserved there for further elements.
    """
    found = _elements(values, "list should be type of slice or array but {}")
    if not found:
        return None
    begin, end = [*map(to_int, bounds), *(0, len(found))[len(bounds) :]][:2]
    if not 0 <= begin <= end <= len(found):
        raise FunctionError("reflect.Value.Slice: slice index out of bounds")
    return part(found, begin, end)


def concat(run: Run, *lists: object) -> List:
    """Return the elements of all lists; if there are none, a nil list."""
    found = [_elements(values, "Cannot concat type {} as list") for values in lists]
    run.check_items(sum(map(len, found)))
    made = [element for elements in found for element in elements]
    return made or TypedList(LIST, is_nil=True)


def chunk(run: Run, size: int, values: object) -> TypedList:
    """Return lists of so many elements each; the last one may have fewer."""
    found = _elements(values, "Cannot chunk type {}")
    run.weigh(found)
    count = (len(found) - 1) // size + 1 if size else -1
    last = (len(found) % abs(size) or size) if size else 0
    if count < 0 or (count and last < 0):
        raise FunctionError("runtime error: makeslice: len out of range")
    # A negative size passes where it comes to no list, or to a single one of the last elements.
    starts = [at * size for at in range(count)]
    return TypedList(_LISTS, (list(found[at : at + (last if at == starts[-1] else size)]) for at in starts))


def _both(name: str, function: Function) -> dict[str, Function]:
    return {name: function, f"must{name[0].upper()}{name[1:]}": function}


_APPEND: Final = Function(append, (ANY, ANY), gives=LIST, needs_run=True)
_LIST: Final = Function(lambda *values: list(values), rest=ANY, gives=LIST)

FUNCTIONS: Final[Mapping[str, Function]] = {
    **_both("append", _APPEND),
    **_both("chunk", Function(chunk, ("int", ANY), gives=_LISTS, needs_run=True)),
    **_both("compact", Function(compact, (ANY,), gives=LIST, needs_run=True)),
    "concat": Function(concat, rest=ANY, needs_run=True),
    **_both("first", Function(first, (ANY,))),
    **_both("has", Function(has, (ANY, ANY), gives="bool", needs_run=True)),
    **_both("initial", Function(initial, (ANY,), gives=LIST)),
    **_both("last", Function(last, (ANY,))),
    "list": _LIST,
    **_both("prepend", Function(prepend, (ANY, ANY), gives=LIST, needs_run=True)),
    **_both("push", _APPEND),
    **_both("rest", Function(rest, (ANY,), gives=LIST)),
    **_both("reverse", Function(reverse, (ANY,), gives=LIST)),
    **_both("slice", Function(slice_, (ANY,), rest=ANY)),
    "tuple": _LIST,
    **_both("uniq", Function(unique, (ANY,), gives=LIST, needs_run=True)),
    **_both("without", Function(without, (ANY,), rest=ANY, gives=LIST, needs_run=True)),
}
