"""JSON merge patch (RFC 7396) and JSON patch (RFC 6902; without `move` and `copy`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .status import ApiError, copied, plain

_MISSING: Final = object()


def merge(target: Any, patch: Any) -> Any:
    """Return `target` with a merge patch applied; neither is changed, unchanged parts are shared."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, change in patch.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), change)
    return merged


def apply(target: Any, operations: Sequence[Any]) -> Any:
    """Return a copy of `target` with a JSON patch applied, all of it or none.

    Raises:
        ApiError: 400 for what is no operation, 422 for one that cannot be done or a test that fails. The text names
            the operation by its place and quotes no value.
    """
    target = copied(target)
    for number, operation in enumerate(operations):
        try:
            target = _applied(target, operation)
        except _Impossible as error:
            why = f"the server rejected our request due to an error in our request: operation {number}: {error}"
            raise plain(422, why) from None
    return target


class _Impossible(Exception):
    pass


def _applied(target: Any, operation: Any) -> Any:
    match operation:
        case {"op": "remove", "path": str(path)}:
            return _at(target, _pointer(path), _MISSING, replacing=True)
        case {"op": "replace", "path": str(path), "value": value}:
            return _at(target, _pointer(path), value, replacing=True)
        case {"op": "add", "path": str(path), "value": value}:
            return _at(target, _pointer(path), value, replacing=False)
        case {"op": "test", "path": str(path), "value": value}:
            if _find(target, _pointer(path)) != value:
                raise _Impossible(f"testing path {path} failed")
            return target
    raise _bad()


def _at(target: Any, steps: list[str], value: Any, *, replacing: bool) -> Any:
    """Put `value` at the end of the steps and return the document; a missing value is taken away."""
    if not steps:
        return value
    *way, last = steps
    parent = _find(target, way)
    if value is _MISSING or (replacing and isinstance(parent, list)):
        _find(parent, [last])  # API servers let a member of an object be replaced that is not there
    if isinstance(parent, list):
        _put_in_list(parent, last, value, replacing=replacing)
    elif not isinstance(parent, dict):
        raise _Impossible("the path leads through a value")
    elif value is _MISSING:
        del parent[last]
    else:
        parent[last] = value
    return target


def _put_in_list(items: list[Any], step: str, value: Any, *, replacing: bool) -> None:
    place = len(items) if step == "-" else _index(step, len(items))
    taken = 1 if replacing else 0
    items[place : place + taken] = [] if value is _MISSING else [value]


def _find(target: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(target, list):
            target = target[_index(step, len(target) - 1)]
        elif isinstance(target, dict) and step in target:
            target = target[step]
        else:
            raise _Impossible("there is nothing at its path")
    return target


def _index(step: str, last: int) -> int:
    if not step.isdecimal() or (step != "0" and step.startswith("0")) or int(step) > last:
        raise _Impossible("there is no such place in the list")
    return int(step)


def _pointer(path: str) -> list[str]:
    """Return the steps of a JSON pointer (RFC 6901)."""
    if path and not path.startswith("/"):
        raise _bad()
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _bad() -> ApiError:
    return plain(400, "the JSON patch has an operation that is none; known are add, replace, remove and test")
