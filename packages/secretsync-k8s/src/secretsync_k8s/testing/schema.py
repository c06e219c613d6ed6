"""Structural schemas of CustomResourceDefinitions: pruning, defaulting, validation, with the API server's messages.

Left out, and left to a real API server: CEL rules (`x-kubernetes-validations`), list types, formats other than
`date-time`, and ratcheting (a stored value that a later schema forbids is refused at the next write, even when
that write leaves it alone).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from json import dumps
from typing import Any, Final

from .status import Cause, Json, copied

_OBJECT_META: Final = "metadata"
"""Every object's own; a CRD's schema says nothing about it that counts."""


def prune(value: Any, schema: Json) -> None:
    """Drop in place what the schema does not name, unless it says to preserve unknown fields."""
    for child, below in _children(value, schema):
        prune(child, below)
    if isinstance(value, dict) and "additionalProperties" not in schema and not _keeps_unknown(schema):
        for name in value.keys() - schema.get("properties", {}).keys():
            del value[name]


def default(value: Any, schema: Json) -> None:
    """Fill in place every default that is missing; a null where none may stand counts as missing."""
    if isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            if "default" in below and (name not in value or (value[name] is None and not below.get("nullable"))):
                value[name] = copied(below["default"])
    for child, below in _children(value, schema):
        default(child, below)


def validate(value: Any, schema: Json, path: str = "") -> Iterator[Cause]:
    """Yield everything about `value` that the schema forbids, in the order of the schema."""
    if value is None and schema.get("nullable"):
        return
    expected = schema.get("type", "")
    if not _is(value, schema):
        actual = dumps(_type_name(value))
        message = f"Invalid value: {actual}: {path} in body must be of type {expected}: {actual}"
        yield Cause(path, message, "FieldValueTypeInvalid")
        return
    for keyword, check in _CHECKS.items():
        if keyword in schema and (cause := check(value, schema[keyword], path)):
            yield cause
    yield from _below(value, schema, path)


def normalise(body: Json, schema: Json) -> Iterator[Cause]:
    """Prune and default a whole object in place, then yield what is wrong with it; its metadata is left alone."""
    known = {name: below for name, below in schema.get("properties", {}).items() if name != _OBJECT_META}
    rest = {name: value for name, value in body.items() if name != _OBJECT_META}
    schema = {**schema, "properties": known}
    prune(rest, schema)
    default(rest, schema)
    for name in body.keys() - rest.keys() - {_OBJECT_META}:
        del body[name]
    body.update(rest)
    yield from validate(rest, schema)


def _keeps_unknown(schema: Json) -> bool:
    return bool(schema.get("x-kubernetes-preserve-unknown-fields"))


def _children(value: Any, schema: Json) -> Iterator[tuple[Any, Json]]:
    """Yield each child that the schema describes, with its part of the schema."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        for name, child in value.items():
            below = known.get(name, rest)
            if isinstance(below, dict):
                yield child, below
    elif isinstance(value, list) and "items" in schema:
        for child in value:
            yield child, schema["items"]


def _below(value: Any, schema: Json, path: str) -> Iterator[Cause]:
    if isinstance(value, list) and "items" in schema:
        for index, child in enumerate(value):
            yield from validate(child, schema["items"], f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    for name in schema.get("required", ()):
        if name not in value:
            yield Cause(_join(path, name), "Required value", "FieldValueRequired")
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    for name, child in value.items():
        below = known.get(name, rest)
        if isinstance(below, dict):
            yield from validate(child, below, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _type_name(value: Any) -> str:
    names = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _is(value: Any, schema: Json) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return _type_name(value) in {"integer", "string"}
    match schema.get("type"), value:
        case ((None | ""), _):
            return True
        case "integer", float():
            return value.is_integer()
        case "number", (int() | float()):
            return not isinstance(value, bool)
        case expected, _:
            return bool(_type_name(value) == expected)


# -- one check a keyword: None when the value passes


Check = Callable[[Any, Any, str], Cause | None]


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
