"""Sprig's functions of JSON. Those that begin with `must` end the run where the others give nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from ..gojson.read import Unreadable, from_json
from ..gojson.write import Unwritable, to_json

_INDENT: Final = "  "


def must_to_json(value: object) -> str:
    """Return a value as JSON on one line.

    Raises:
        FunctionError: JSON has no such value.
    """
    return _written(value)


def must_to_pretty_json(value: object) -> str:
    """Return a value as JSON on many lines, indented by two spaces; raises as `must_to_json` does."""
    return _written(value, indent=_INDENT)


def must_to_raw_json(value: object) -> str:
    """Return a value as JSON on one line, with `<`, `>` and `&` as they are; raises as `must_to_json` does."""
    return _written(value, escape_markup=False)


def _written(value: object, *, escape_markup: bool = True, indent: str = "") -> str:
    try:
        return to_json(value, escape_markup=escape_markup, indent=indent)
    except Unwritable as error:
        raise FunctionError(str(error)) from None


def lenient_to_json(value: object) -> str:
    """Return a value as JSON on one line, or nothing if JSON has no such value."""
    try:
        return to_json(value)
    except Unwritable:
        return ""


def to_pretty_json(value: object) -> str:
    """Return a value as JSON on many lines, or nothing if JSON has no such value."""
    try:
        return to_json(value, indent=_INDENT)
    except Unwritable:
        return ""


def must_from_json(text: str) -> object:
    """Return the value that JSON stands for.

    Raises:
        FunctionError: The text is no JSON.
    """
    try:
        return from_json(text)
    except Unreadable as error:
        raise FunctionError(str(error)) from None


def lenient_from_json(text: str) -> object:
    """Return the value that JSON stands for, or nil."""
    try:
        return from_json(text)
    except Unreadable as error:
        return error.value


FUNCTIONS: Final[Mapping[str, Function]] = {
    "fromJson": Function(lenient_from_json, ("string",)),
    "mustFromJson": Function(must_from_json, ("string",)),
    "mustToJson": Function(must_to_json, (ANY,), gives="string"),
    "mustToPrettyJson": Function(must_to_pretty_json, (ANY,), gives="string"),
    "mustToRawJson": Function(must_to_raw_json, (ANY,), gives="string"),
    "toJson": Function(lenient_to_json, (ANY,), gives="string"),
    "toPrettyJson": Function(to_pretty_json, (ANY,), gives="string"),
    "toRawJson": Function(must_to_raw_json, (ANY,), gives="string"),
}
