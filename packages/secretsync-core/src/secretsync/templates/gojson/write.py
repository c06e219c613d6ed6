r"""JSON as Go writes it: sorted keys, numbers in Go's form, `<`, `>` and `&` escaped, `\ufffd` for what is no UTF-8.

What is made of texts, whole numbers and booleans alone is written by Python's encoder, which escapes the same
characters the same way; what that does differently is then replaced in the whole text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from json.encoder import JSONEncoder, encode_basestring
from math import isfinite
from typing import Final

from ..errors import Excess
from ..gotime.format import rfc3339
from ..gotime.instant import Instant
from ..gotime.record import instant_of
from ..printf.values import LONGEST, MOST_PARTS
from ..values import Record, StandIn, Undecided, encoded, is_nil, type_name, well_formed

_PLAIN: Final = frozenset({str, int, bool, type(None)})
_TEXTS: Final = frozenset({str})
_NO_TEXTS: Final = frozenset({int, bool, type(None)})
_LEAST_FIXED, _LEAST_LARGE = 1e-6, 1e21
_MARKUP: Final = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})
_SEPARATORS: Final = str.maketrans({"\u2028": r"\u2028", "\u2029": r"\u2029"})
_NO_UTF_8: Final = "[\ud800-\udfff]"
_write_plain: Final = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=True).encode


class Unwritable(ValueError):
    """A value cannot be written as JSON; the text of the error is Go's, and quotes no data."""


def to_json(value: object, *, escape_markup: bool = True, indent: str = "") -> str:
    """Return a value as JSON, on one line, or with an indent on a line for each element.

    Raises:
        Unwritable: It contains itself, or what JSON has not: a number that is not finite, or a complex one.
        Excess: It is too large, or nested more deeply than Python's stack allows.
    """
    try:
        is_plain = _Look(len(indent)).see(value, 1)
        text = _write_plain(value) if is_plain and not indent else _Writer(indent).write(value, "\n")
    except RecursionError:
        if _holds_itself(value):
            raise Unwritable(f"json: unsupported value: encountered a cycle via {type_name(value)}") from None
        raise Excess("a value is nested too deeply to be written", "nesting") from None
    if escape_markup and ("<" in text or ">" in text or "&" in text):
        text = text.translate(_MARKUP)
    return text if text.isascii() else _escaped(text)


def _holds_itself(value: object) -> bool:
    """Return whether a value is among its own parts, however deep."""
    within: set[int] = set()
    done: set[int] = set()
    steps: list[tuple[object, bool]] = [(value, True)]
    while steps:
        part, enters = steps.pop()
        if not isinstance(part, Mapping | list | tuple) or id(part) in done:
            continue
        if not enters:
            within.discard(id(part))
            done.add(id(part))
            continue
        if id(part) in within:
            return True
        within.add(id(part))
        steps.append((part, False))
        steps.extend((inner, True) for inner in (part.values() if isinstance(part, Mapping) else part))
    return False


def _escaped(text: str) -> str:
    return re.sub(_NO_UTF_8, r"\\ufffd", well_formed(text)).translate(_SEPARATORS)


class _Look:
    """Looks a value through before it is written: what is in it, and how much.

    Args:
        indent: The width of a level.
    """

    __slots__ = ("_indent", "_parts", "_size")

    def __init__(self, indent: int) -> None:
        self._indent: int = indent
        self._parts: int = 0
        self._size: int = 0

    def see(self, value: object, depth: int) -> bool:
        """Return whether Python's encoder does with a value what Go does.

        Raises:
            Excess: It has too many parts, or too long ones.
        """
        if type(value) is dict:
            keys = "".join(value)
            self._size += len(keys)
            # Else their order as characters is not that as bytes.
            sorts = keys.isascii() or re.search(_NO_UTF_8, keys) is None
            return self._see_parts(value.values(), len(value), depth) and sorts
        if type(value) is list:
            return self._see_parts(value, len(value), depth)
        return self._other(value, depth)

    def _see_parts(self, parts: Iterable[object], count: int, depth: int) -> bool:
        classes = set(map(type, parts))
        self._parts += count
        self._size += count * self._indent * depth
        if classes == _TEXTS:
            self._size += sum(map(len, parts))  # type: ignore[arg-type]  # they are texts
        self._check()
        if classes == _TEXTS or classes <= _NO_TEXTS:
            return True
        seen = [self.see(part, depth + 1) for part in parts]
        return all(seen)

    def _other(self, value: object, depth: int) -> bool:
        if isinstance(value, str):
            self._size += len(value)
            self._check()
        elif isinstance(value, Record):
            self._see_parts(value.fields.values(), len(value.fields), depth)
        elif isinstance(value, Mapping):
            self._size += sum(map(len, value))
            self._see_parts(value.values(), len(value), depth)
        elif isinstance(value, list | tuple):
            self._see_parts(value, len(value), depth)
        return type(value) in _PLAIN

    def _check(self) -> None:
        if self._parts > MOST_PARTS:
            raise Excess(f"a value to be written has more than {MOST_PARTS} parts", "text")
        if self._size > LONGEST:
            raise Excess(f"a value to be written has more than {LONGEST} characters", "text")


class _Writer:
    """Writes any value, one after another.

    Args:
        indent: What a level is indented by; without one, all is on one line.
    """

    __slots__ = ("_colon", "_indent", "_within")

    def __init__(self, indent: str) -> None:
        self._indent: str = indent
        self._colon: str = ": " if indent else ":"
        self._within: set[int] = set()

    def write(self, value: object, newline: str) -> str:
        """Return a value; a new line at its level begins as `newline` does."""
        match value:
            case str():
                return encode_basestring(value)
            case bool() | None:
                return {True: "true", False: "false", None: "null"}[value]
            case int():
                return int.__repr__(value)
            case float():
                return number(value)
            case StandIn():
                raise Undecided
        return "null" if is_nil(value) else self._compound(value, newline)

    def _compound(self, value: object, newline: str) -> str:
        if isinstance(value, list | tuple) and type_name(value) == "[]uint8":
            return f'"{b64encode(bytes(value)).decode("ascii")}"'
        if id(value) in self._within:
            raise Unwritable(f"json: unsupported value: encountered a cycle via {type_name(value)}")
        self._within.add(id(value))
        inner = newline + self._indent
        match value:
            case Mapping():
                text = self._object(((key, value[key]) for key in sorted(value, key=encoded)), inner)
            case list() | tuple():
                text = self._enclosed("[]", [self.write(element, inner) for element in value], inner)
            case Record():
                text = self._record(value, inner)
            case _:
                raise Unwritable(f"json: unsupported type: {type_name(value)}")
        self._within.discard(id(value))
        return text

    def _object(self, items: Iterable[tuple[str, object]], inner: str) -> str:
        colon = self._colon
        return self._enclosed("{}", [f"{encode_basestring(k)}{colon}{self.write(v, inner)}" for k, v in items], inner)

    def _enclosed(self, marks: str, elements: list[str], inner: str) -> str:
        if not elements or not self._indent:
            return marks[0] + ",".join(elements) + marks[1]
        return marks[0] + inner + f",{inner}".join(elements) + inner.removesuffix(self._indent) + marks[1]

    def _record(self, record: Record, inner: str) -> str:
        """Write a struct: a time, whatever has a text of its own, or the fields that Go exports."""
        instant = instant_of(record)
        if instant is not None:
            return _time(instant)
        if "MarshalText" in record.methods:
            return encode_basestring(str(record.methods["MarshalText"]()))
        names = record.json_names
        exported = ((names.get(name, name), held) for name, held in record.fields.items() if name[:1].isupper())
        return self._object(exported, inner)


def _time(instant: Instant) -> str:
    text = rfc3339(instant)
    if re.match("[0-9]{4}-", text) is None:
        raise Unwritable(
            "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"
        )
    return f'"{text}"'


def number(value: float) -> str:
    """Return a float: in digits alone below 1e21 and from 1e-6 on, else with an exponent.

    Raises:
        Unwritable: It is not finite.
    """
    if not isfinite(value):
        raise Unwritable("json: unsupported value: [redacted]")
    text = repr(value).removesuffix(".0")
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    if _LEAST_FIXED <= abs(value) < _LEAST_LARGE:
        return _without_exponent(mantissa, int(exponent))
    return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"


def _without_exponent(mantissa: str, exponent: int) -> str:
    sign = "-" if mantissa[0] == "-" else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return sign + digits.ljust(exponent + 1, "0")
