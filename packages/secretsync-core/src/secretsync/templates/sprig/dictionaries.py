"""Sprig's chapter on dictionaries. Where Go's order is one of chance, that of `keys` and `values`, ours is by bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from ..runtime import Run, sorted_keys
from ..values import LIST, MAP, TypedList, TypedMap, is_nil, type_name
from .conversion import text_of

Dict = dict[str, object]
_FEWEST: Final = 3


def dictionary(*pairs: object) -> Dict:
    """Return the values under the keys before them; the last key may stand alone, for an empty text."""
    keys = [text_of(key) for key in pairs[::2]]
    return dict(zip(keys, [*pairs[1::2], *([""] if len(pairs) % 2 else [])], strict=True))


def get(values: Mapping[str, object] | None, key: str) -> object:
    """Return what stands under a key, or an empty text."""
    return values.get(key, "") if values else ""


def put(values: object, key: str, value: object) -> object:
    """Change the value under a key; return the dictionary."""
    _changeable(values)[key] = value
    return values


def unset(values: object, key: str) -> object:
    """Take a key away; return the dictionary."""
    if is_nil(values):
        return TypedMap(MAP, is_nil=True)
    _changeable(values).pop(key, None)
    return values


def _changeable(values: object) -> Dict:
    if is_nil(values):
        raise FunctionError("assignment to entry in nil map")
    if not isinstance(values, dict):
        raise FunctionError("assignment to entry in a map that must not change")
    return values


def has_key(values: Mapping[str, object] | None, key: str) -> bool:
    return values is not None and key in values


def pluck(key: str, *dictionaries: Mapping[str, object] | None) -> list[object]:
    """Return what stands under a key in those that have it."""
    return [values[key] for values in dictionaries if values and key in values]


def keys(*dictionaries: Mapping[str, object] | None) -> TypedList:
    return TypedList("[]string", (key for values in dictionaries if values for key in sorted_keys(values)))


def values_of(values: Mapping[str, object] | None) -> list[object]:
    return [values[key] for key in sorted_keys(values)] if values else []


def pick(values: Mapping[str, object] | None, *names: str) -> Dict:
    return {name: values[name] for name in names if name in values} if values else {}


def omit(values: Mapping[str, object] | None, *names: str) -> Dict:
    return {key: value for key, value in values.items() if key not in names} if values else {}


def dig(*path: object) -> object:
    """Return what is found under one key after another, or else the value before the dictionary.

    Args:
        path: The keys, that value, the dictionary.
    """
    if len(path) < _FEWEST:
        raise FunctionError("dig needs at least three arguments")
    *names, instead, found = path
    found = _asserted(found, MAP)
    for name in [str(_asserted(name, "string")) for name in names]:
        step = _asserted(found, MAP)
        if not isinstance(step, Mapping) or name not in step:
            return instead
        found = step[name]
    return found


def _asserted(value: object, wanted: str) -> object:
    name = type_name(value)
    if name == wanted:
        return value
    found = "nil" if value is None else name
    raise FunctionError(f"interface conversion: interface {{}} is {found}, not {wanted}")


# Merging, by the rules of the library mergo: what is empty counts as not there.


def merge(run: Run, into: Dict | None, *others: Mapping[str, object] | None) -> object:
    """Fill a dictionary, and those within it, with what others have; return it."""
    return _merged(run, into, others, overwrite=False)


def merge_overwrite(run: Run, into: Dict | None, *others: Mapping[str, object] | None) -> object:
    """Overwrite a dictionary, and those within it, with what others have; return it."""
    return _merged(run, into, others, overwrite=True)


def _merged(run: Run, into: Dict | None, others: Iterable[Mapping[str, object] | None], *, overwrite: bool) -> object:
    for other in others:
        if other is None or is_nil(other):
            continue
        if is_nil(into):
            into = {}
        _merge(run, _changeable(into), other, overwrite=overwrite)
    return TypedMap(MAP, is_nil=True) if into is None else into


def _merge(run: Run, into: Dict, other: Mapping[str, object], *, overwrite: bool) -> None:
    run.spend(len(other))
    for key in sorted_keys(other):
        value, held = other[key], into.get(key)
        if value is None:
            if overwrite:
                into[key] = None
            continue
        if isinstance(value, Mapping) and isinstance(held, dict):
            _merge(run, held, value, overwrite=overwrite)
            if held:
                continue
        if overwrite or not held:
            into[key] = value


def deep_copy(run: Run, value: object) -> object:
    """Return a copy of a value that shares no dictionary and no list with it."""
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    return _copied(run, value)


def _copied(run: Run, value: object) -> object:
    if isinstance(value, Mapping):
        run.spend(len(value))
        copies = {key: _copied(run, held) for key, held in value.items()}
        return TypedMap(value.type_name, copies, is_nil=value.is_nil) if isinstance(value, TypedMap) else copies
    if isinstance(value, list | tuple):
        run.spend(len(value))
        elements = [_copied(run, element) for element in value]
        return TypedList(value.type_name, elements, is_nil=value.is_nil) if isinstance(value, TypedList) else elements
    return value


_DEEP_COPY: Final = Function(deep_copy, (ANY,), needs_run=True)
_MERGE: Final = Function(merge, (MAP,), rest=MAP, changes=True, needs_run=True)
_MERGE_OVERWRITE: Final = Function(merge_overwrite, (MAP,), rest=MAP, changes=True, needs_run=True)

FUNCTIONS: Final[Mapping[str, Function]] = {
    "deepCopy": _DEEP_COPY,
    "dict": Function(dictionary, rest=ANY, gives=MAP),
    "dig": Function(dig, rest=ANY),
    "get": Function(get, (MAP, "string")),
    "hasKey": Function(has_key, (MAP, "string"), gives="bool"),
    "keys": Function(keys, rest=MAP, gives="[]string"),
    "merge": _MERGE,
    "mergeOverwrite": _MERGE_OVERWRITE,
    "mustDeepCopy": _DEEP_COPY,
    "mustMerge": _MERGE,
    "mustMergeOverwrite": _MERGE_OVERWRITE,
    "omit": Function(omit, (MAP,), rest="string", gives=MAP),
    "pick": Function(pick, (MAP,), rest="string", gives=MAP),
    "pluck": Function(pluck, ("string",), rest=MAP, gives=LIST),
    "set": Function(put, (MAP, "string", ANY), gives=MAP, changes=True),
    "unset": Function(unset, (MAP, "string"), gives=MAP, changes=True),
    "values": Function(values_of, (MAP,), gives=LIST),
}
