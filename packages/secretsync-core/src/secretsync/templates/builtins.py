"""The functions that every Go template has. `and` and `or` are compiled, as they leave arguments unevaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from . import comparison
from .errors import FunctionError
from .functions import VALUE, Function
from .printf.formats import printf
from .printing import print_, println, text
from .quoting import is_printable
from .values import MISSING, TypedMap, Uint8, decoded, encoded, part, type_name, well_formed

_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}
_JS_SPECIAL: Final = r"[^ !#-%(-;?-\[\]-\x7f]"
_URL_SPECIAL: Final = rb"[^A-Za-z0-9_.~-]"
_MAX_INDEXES: Final = 3
BOXED: Final = object()
"""Stands for an index of `slice` that is held in an interface."""


def html(*values: object) -> str:
    """Return the values as `print` writes them, escaped for HTML."""
    return _written(values).translate(_HTML)


def js(*values: object) -> str:
    """Return the values as `print` writes them, escaped for a string of JavaScript."""
    return re.sub(_JS_SPECIAL, _js_escape, well_formed(_written(values)))


def urlquery(*values: object) -> str:
    """Return the values as `print` writes them, escaped for the query of a URL."""
    escaped = re.sub(_URL_SPECIAL, lambda found: b"%%%02X" % found.group()[0], encoded(_written(values)))
    return escaped.decode("ascii").replace("%20", "+")


def _written(values: Sequence[object]) -> str:
    if len(values) == 1:
        return text(values[0])
    return print_(*(text(value) if value is None or value is MISSING else value for value in values))


def _js_escape(found: re.Match[str]) -> str:
    char = found.group()
    if char in _JS:
        return _JS[char]
    if char < " ":
        return f"\\u{ord(char):04X}"
    is_raw = "\udc80" <= char <= "\udcff"  # a byte that is no UTF-8, which Go takes for U+FFFD and writes as it is
    return char if is_raw or is_printable(char) else f"\\u{ord(char):04X}"


def length(value: object) -> int:
    """Return how many bytes, elements or keys there are."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(encoded(value))
    if isinstance(value, Mapping | list | tuple):
        return len(value)
    if value is None:
        raise FunctionError("len of nil pointer")
    if value is MISSING:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    raise FunctionError(f"len of type {_pointed_to(value)}")


def _pointed_to(value: object) -> str:
    return type_name(value).removeprefix("*")


def index(value: object, *keys: object) -> object:
    """Return what stands under a key, under the next key of that, and so on."""
    if value is None or value is MISSING:
        raise FunctionError("index of untyped nil")
    for key in keys:
        if value is None:
            raise FunctionError("index of nil pointer")
        value = _item(value, key)
    return value


def _item(value: object, key: object) -> object:
    if isinstance(value, Mapping):
        if not isinstance(key, str):
            raise FunctionError(_bad_key(key))
        return value.get(key, value.zero if isinstance(value, TypedMap) else None)
    if isinstance(value, str):
        raw = encoded(value)
        return Uint8(raw[_element(key, len(raw), of="string")])
    if isinstance(value, list | tuple):
        return value[_element(key, len(value), of="slice")]
    raise FunctionError(f"can't index item of type {_pointed_to(value)}")


def _bad_key(key: object) -> str:
    if key is None or key is MISSING:
        return "value is nil; should be of type string"
    return f"value has type {type_name(key)}; should be string"


def _element(key: object, count: int, *, of: str) -> int:
    """Return the position of an element; Go lets the one behind the last through until it looks there."""
    at = _position(key, count)
    if at == count:
        raise FunctionError(f"reflect: {of} index out of range")
    return at


def _position(key: object, count: int) -> int:
    if key is None or key is MISSING:
        raise FunctionError("cannot index slice/array with nil")
    if key is BOXED:
        raise FunctionError("cannot index slice/array with type interface {}")
    if not isinstance(key, int) or isinstance(key, bool):
        raise FunctionError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= count:
        raise FunctionError("index out of range: [redacted]")
    return key


def slice_(value: object, *indexes: object) -> object:
    """Return a part of a string, counted in bytes, or of a list."""
    if value is None or value is MISSING:
        raise FunctionError("slice of untyped nil")
    if len(indexes) > _MAX_INDEXES:
        raise FunctionError(f"too many slice indexes: {len(indexes)}")
    if isinstance(value, str):
        if len(indexes) == _MAX_INDEXES:
            raise FunctionError("cannot 3-index slice a string")
        raw = encoded(value)
        begin, end = _bounds(len(raw), indexes)
        return decoded(raw[begin:end])
    if isinstance(value, list | tuple):
        begin, end = _bounds(len(value), indexes)
        return part(value, begin, end)
    raise FunctionError(f"can't slice item of type {type_name(value)}")


def _bounds(count: int, indexes: Sequence[object]) -> tuple[int, int]:
    positions = [_position(index, count) for index in indexes]
    begin, end, *rest = [*positions, *(0, count)[len(positions) :]]
    if begin > end:
        raise FunctionError("invalid slice index: [redacted] > [redacted]")
    if rest and end > rest[0]:
        raise FunctionError("invalid slice index: [redacted] > [redacted]")
    return begin, end


def call(name: str, callee: object, *_: object) -> object:
    """Refuse to call: no value of a template is a function."""
    if callee is None or callee is MISSING:
        raise FunctionError("call of nil")
    raise FunctionError(f"non-function {name} of type {type_name(callee)}")


def not_(value: object) -> bool:
    """Return whether a value is empty, in the sense of `if`."""
    return not value


# For those that print, what is missing is as good as nil, so that nothing need turn it into that.
BUILTINS: Final[Mapping[str, Function]] = {
    "and": Function(call, (VALUE,), rest=VALUE),
    "or": Function(call, (VALUE,), rest=VALUE),
    "not": Function(not_, (VALUE,), gives="bool"),
    "call": Function(call, (VALUE,), rest=VALUE),
    "html": Function(html, rest=VALUE, gives="string"),
    "js": Function(js, rest=VALUE, gives="string"),
    "urlquery": Function(urlquery, rest=VALUE, gives="string"),
    "index": Function(index, (VALUE,), rest=VALUE),
    "slice": Function(slice_, (VALUE,), rest=VALUE),
    "len": Function(length, (VALUE,), gives="int"),
    "print": Function(print_, rest=VALUE, gives="string"),
    "printf": Function(lambda form, *args: printf(form, args), ("string",), rest=VALUE, gives="string"),
    "println": Function(println, rest=VALUE, gives="string"),
    "eq": Function(comparison.eq, (VALUE,), rest=VALUE, gives="bool", decides=True),
    "ne": Function(comparison.ne, (VALUE, VALUE), gives="bool", decides=True),
    "lt": Function(comparison.lt, (VALUE, VALUE), gives="bool", decides=True),
    "le": Function(comparison.le, (VALUE, VALUE), gives="bool", decides=True),
    "gt": Function(comparison.gt, (VALUE, VALUE), gives="bool", decides=True),
    "ge": Function(comparison.ge, (VALUE, VALUE), gives="bool", decides=True),
}
