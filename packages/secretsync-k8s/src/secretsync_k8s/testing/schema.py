"""Structural schemas of CustomResourceDefinitions: pruning, defaulting, validation, with the API server's messages.

Left out, and left to a real API server: CEL rules (`x-kubernetes-validations`), sets, formats other than `date-time`,
and ratcheting (a stored value that a later schema forbids is refused at the next write, even when
that write leaves it alone).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from json import dumps
from typing import Any, Final, Self

from secretsync.classes import frozen

from .status import Cause, Json, copied

_OBJECT_META: Final = "metadata"
"""Every object's own; a CRD's schema says nothing about it that counts."""

_TYPES: Final = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}

Check = Callable[[Any, Any, str], Cause | None]


@frozen(eq=False)
class Default:
    """A value to be filled in."""

    name: str
    value: Any
    nullable: bool


@frozen(eq=False)
class Structure:
    """A schema taken apart, once: every write of an object goes through it.

    Attributes:
        expected: The type, "" for any.
        mixed: An integer or a string.
        open: Fields that it does not name may stay.
        properties: What it says of fields by name.
        rest: What it says of all others.
        items: What it says of the items of a list.
        keys: The fields by which the items of a list are told apart.
        checks: What else a value must pass, with each one's limit.
    """

    expected: str
    nullable: bool
    mixed: bool
    open: bool
    properties: Mapping[str, Structure]
    rest: Structure | None
    items: Structure | None
    required: tuple[str, ...]
    keys: tuple[str, ...]
    defaults: tuple[Default, ...]
    checks: tuple[tuple[Check, Any], ...]

    @classmethod
    def of(cls, schema: Json) -> Self:
        """Return the structure of a structural schema, as a CRD holds one."""
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        return cls(
            expected=schema.get("type") or "",
            nullable=bool(schema.get("nullable")),
            mixed=bool(schema.get("x-kubernetes-int-or-string")),
            open=rest is not None or bool(schema.get("x-kubernetes-preserve-unknown-fields")),
            properties={name: cls.of(below) for name, below in properties.items()},
            rest=cls.of(rest) if isinstance(rest, dict) else None,
            items=cls.of(schema["items"]) if "items" in schema else None,
            required=tuple(schema.get("required", ())),
            keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
            defaults=tuple(
                Default(name, below["default"], bool(below.get("nullable")))
                for name, below in properties.items()
                if "default" in below
            ),
            checks=tuple((check, schema[keyword]) for keyword, check in _CHECKS.items() if keyword in schema),
        )

    def below(self, name: str) -> Structure | None:
        """Return what it says of a field."""
        return self.properties.get(name, self.rest)


def normalise(body: Json, structure: Structure) -> Iterator[Cause]:
    """Drop what the schema does not name and fill in defaults, in place; then yield what is wrong with the object.

    Its metadata is left alone.
    """
    rest = {name: value for name, value in body.items() if name != _OBJECT_META}
    _complete(rest, structure)
    for name in body.keys() - rest.keys() - {_OBJECT_META}:
        del body[name]
    body.update(rest)
    return validate(rest, structure)


def _complete(value: Any, structure: Structure) -> None:
    """Drop unknown fields, unless the schema says to preserve them, and fill in every default that is missing."""
    if isinstance(value, dict):
        if not structure.open:
            for name in [name for name in value if name not in structure.properties]:
                del value[name]
        _fill_in(value, structure)
        _drop_nulls(value, structure)
        for name, child in value.items():
            if below := structure.below(name):
                _complete(child, below)
    elif structure.items and isinstance(value, list):
        for child in value:
            _complete(child, structure.items)


def _fill_in(value: Json, structure: Structure) -> None:
    """Set the defaults of an object; a null where none may stand counts as missing."""
    for default in structure.defaults:
        name = default.name
        if name not in value or (value[name] is None and not default.nullable):
            value[name] = copied(default.value)


def _drop_nulls(value: Json, structure: Structure) -> None:
    for name in [name for name, child in value.items() if child is None]:
        if (below := structure.below(name)) and not below.nullable:
            del value[name]


def validate(value: Any, structure: Structure, path: str = "") -> Iterator[Cause]:
    """Yield everything about `value` that the schema forbids, in the order of the schema."""
    if value is None and structure.nullable:
        return
    if not _is(value, structure):
        actual = dumps(_type_name(value))
        message = f"Invalid value: {actual}: {path} in body must be of type {structure.expected}: {actual}"
        yield Cause(path, message, "FieldValueTypeInvalid")
        return
    for check, limit in structure.checks:
        if cause := check(value, limit, path):
            yield cause
    if isinstance(value, dict):
        yield from _within(value, structure, path)
    elif structure.items and isinstance(value, list):
        for index, child in enumerate(value):
            yield from validate(child, structure.items, f"{path}[{index}]")
        yield from _duplicates(value, structure.keys, path)


def _duplicates(items: list[Any], keys: tuple[str, ...], path: str) -> Iterator[Cause]:
    """Yield the items that have the keys of an earlier one."""
    seen: list[Json] = []
    for index, item in enumerate(items if keys else ()):
        told = {key: item.get(key) for key in keys}
        if told in seen:
            yield Cause(f"{path}[{index}]", f"Duplicate value: {dumps(told)}", "FieldValueDuplicate")
        seen.append(told)


def _within(value: Json, structure: Structure, path: str) -> Iterator[Cause]:
    for name in structure.required:
        if name not in value:
            yield Cause(_join(path, name), "Required value", "FieldValueRequired")
    for name, child in value.items():
        if below := structure.below(name):
            yield from validate(child, below, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _type_name(value: Any) -> str:
    return _TYPES.get(type(value), "object")


def _is(value: Any, structure: Structure) -> bool:
    actual, expected = _type_name(value), structure.expected
    if structure.mixed:
        return actual in {"integer", "string"}
    if actual == expected or not expected:
        return True
    if expected == "integer":
        return actual == "number" and bool(value.is_integer())
    return expected == "number" and actual == "integer"


# -- one check a keyword: None when the value passes


def _enum(value: Any, allowed: list[Any], path: str) -> Cause | None:
    if value in allowed:
        return None
    supported = ", ".join(dumps(each) for each in allowed)
    return Cause(path, f"Unsupported value: {dumps(value)}: supported values: {supported}", "FieldValueNotSupported")


def _pattern(value: Any, pattern: str, path: str) -> Cause | None:
    if not isinstance(value, str) or _regex(pattern).search(value):
        return None
    return Cause(path, f"Invalid value: {dumps(value)}: {path} in body should match '{pattern}'")


def _minimum(value: Any, least: float, path: str) -> Cause | None:
    if value >= least:
        return None
    return Cause(path, f"Invalid value: {value}: {path} in body should be greater than or equal to {least}")


def _maximum(value: Any, most: float, path: str) -> Cause | None:
    if value <= most:
        return None
    return Cause(path, f"Invalid value: {value}: {path} in body should be less than or equal to {most}")


def _min_length(value: Any, least: int, path: str) -> Cause | None:
    if len(value) >= least:
        return None
    return Cause(path, f"Invalid value: {dumps(value)}: {path} in body should be at least {least} chars long")


def _max_length(value: Any, most: int, path: str) -> Cause | None:
    if len(value) <= most:
        return None
    return Cause(path, f"Too long: may not be more than {most} bytes", "FieldValueTooLong")


def _min_items(value: Any, least: int, path: str) -> Cause | None:
    if len(value) >= least:
        return None
    return Cause(path, f"Invalid value: {len(value)}: {path} in body should have at least {least} items")


def _max_items(value: Any, most: int, path: str) -> Cause | None:
    if len(value) <= most:
        return None
    return Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")


def _format(value: Any, name: str, path: str) -> Cause | None:
    if name != "date-time" or _is_date_time(value):
        return None
    return Cause(path, f"Invalid value: {dumps(value)}: {path} in body must be of type date-time: {dumps(value)}")


_CHECKS: Final[dict[str, Check]] = {
    "enum": _enum,
    "format": _format,
    "maxItems": _max_items,
    "maxLength": _max_length,
    "maximum": _maximum,
    "minItems": _min_items,
    "minLength": _min_length,
    "minimum": _minimum,
    "pattern": _pattern,
}


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    # Go's `$` is the end of the text, Python's also stands before a last newline.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def _is_date_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
