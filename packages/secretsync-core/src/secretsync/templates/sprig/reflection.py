"""Sprig's chapter on reflection: types, kinds, and whether two values are deeply equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import ANY, Function
from ..gotime.instant import Instant
from ..runtime import Run
from ..values import Record, encoded, is_nil, kind, type_name

Elements = list[object] | tuple[object, ...] | Mapping[str, object]


def deep_equal(run: Run, one: object, other: object) -> bool:
    """Return whether two values are of one type and have equal parts.

    Raises:
        Excess: They have more parts than a rendering may have turns of loops.
    """
    if type_name(one) != type_name(other):
        return False
    if isinstance(one, list | tuple | Mapping) and isinstance(other, list | tuple | Mapping):
        return one is other or (
            is_nil(one) == is_nil(other) and len(one) == len(other) and _same_parts(run, one, other)
        )
    if isinstance(one, Record) and isinstance(other, Record):
        return one is other or _same_record(run, one, other)
    if isinstance(one, str) and isinstance(other, str):
        run.weigh(one)
        return one == other or encoded(one) == encoded(other)
    return one == other


def _same_parts(run: Run, one: Elements, other: Elements) -> bool:
    run.spend(len(one))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(key in other and deep_equal(run, one[key], other[key]) for key in one)
    return all(deep_equal(run, *pair) for pair in zip(one, other, strict=True))


def _same_record(run: Run, one: Record, other: Record) -> bool:
    return _same_inner(one.inner, other.inner) and all(
        deep_equal(run, value, other.fields[name]) for name, value in one.fields.items()
    )


def _same_inner(one: object, other: object) -> bool:
    if isinstance(one, Instant) and isinstance(other, Instant):
        return one.same_as(other) and one.zone.like(other.zone)
    return one == other


def _type_is_like(target: str, value: object) -> bool:
    return type_name(value) in (target, f"*{target}")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "deepEqual": Function(deep_equal, (ANY, ANY), gives="bool", needs_run=True),
    "kindIs": Function(lambda target, value: target == kind(value), ("string", ANY), gives="bool"),
    "kindOf": Function(kind, (ANY,), gives="string"),
    "typeIs": Function(lambda target, value: target == type_name(value), ("string", ANY), gives="bool"),
    "typeIsLike": Function(_type_is_like, ("string", ANY), gives="bool"),
    "typeOf": Function(type_name, (ANY,), gives="string"),
}
