"""One value by one directive: which family of verbs it belongs to, and how lists, maps and records are taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..errors import Excess
from ..values import MISSING, NIL, Int64, Named, Record, StandIn, Uint8, encoded, expanded, is_nil, type_name
from .floats import complex_number, floating, shortest
from .integers import address, integer, pad
from .parse import PLAIN, Directive
from .strings import boolean, string

LONGEST: Final = 1 << 24
"""Characters of one formatted text; a list of many values, each of a great width, could ask for any number."""
MOST_PARTS: Final = 500_000
"""Values within one that is formatted."""

_ADDRESS: Final = 0xC000000000
"""Of every pointer: a real one would make a text differ from run to run, and tell about the process."""

PLAIN_SCALARS: Final[dict[type, Callable[..., str]]] = {
    str: str,
    int: int.__repr__,
    Int64: int.__repr__,
    Uint8: int.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
    float: shortest,
    type(None): lambda _: NIL,
    type(MISSING): lambda _: NIL,
    StandIn: lambda _: "",
}
"""How values without parts are written where nothing is asked for: the most of all that is ever written."""

_SCALARS: Final[dict[type, Callable[..., str | None]]] = {
    str: string,
    int: integer,
    bool: boolean,
    float: floating,
    complex: complex_number,
    StandIn: lambda _value, _how: "",
}
_STRING_VERBS: Final = frozenset("vsxXq")


def argument(value: object, how: Directive) -> str:
    """Return an argument of `printf` as a directive writes it; what does not fit reads `%!d(string=x)`.

    Raises:
        TypeError: The value, or one within it, is none of a template.
    """
    if value is None or value is MISSING:
        return pad(NIL, how) if how.verb in {"T", "v"} else f"%!{how.verb}({NIL})"
    match how.verb:
        case "T":
            return string(type_name(value), how._replace(verb="s")) or ""
        case "p":
            return address(_ADDRESS, how) if _has_address(value) else _bad_verb(value, how)
        case "w":
            return _bad_verb(value, how)
        case _:
            return _written(value, how, 0)


def joined(separator: str, texts: Iterable[str]) -> str:
    """Return the texts as one.

    Raises:
        Excess: They come to more than `LONGEST`, which is seen before the next one is made.
    """
    made: list[str] = []
    room = LONGEST
    for text in texts:
        room -= len(text)
        if room < 0:
            raise Excess(f"a formatted text is longer than {LONGEST} characters", "text")
        made.append(text)
    return separator.join(made)


def _written(value: object, how: Directive, depth: int) -> str:
    if how is PLAIN and (plain := PLAIN_SCALARS.get(type(value))) is not None:
        return plain(value)
    scalar = _SCALARS.get(type(value)) or _scalar_of_another(value)
    if scalar is not None:
        text = scalar(value, how)
        return text if text is not None else _bad_verb(value, how)
    return _compound(value, how, depth)


def _compound(value: object, how: Directive, depth: int) -> str:
    if value is None or value is MISSING:
        return "interface {}(nil)" if how.sharp_v else NIL
    if isinstance(value, Record):
        return _record(value, how, depth)
    if depth == 0 and expanded(value) > MOST_PARTS:
        raise Excess(f"a formatted value has more than {MOST_PARTS} parts", "text")
    if isinstance(value, Mapping):
        return _map(value, how, depth)
    if isinstance(value, list | tuple):
        return _list(value, how, depth)
    return type_name(value)  # which refuses it


def _scalar_of_another(value: object) -> Callable[..., str | None] | None:
    """Return how a value of a class that is derived from a scalar's is written."""
    if isinstance(value, Named):
        return _named
    return next((_SCALARS[kind] for kind in (str, int, float) if isinstance(value, kind)), None)


def _named(value: Named, how: Directive) -> str | None:
    if how.verb in _STRING_VERBS and not (how.sharp_v or how.erroring):
        return string(str(value.methods["String"]()), how)
    return integer(int(value), how)


def _list(values: Iterable[object], how: Directive, depth: int) -> str:
    items = (_written(value, how, depth + 1) for value in values)
    if how.sharp_v:
        return _nil(values) or f"{type_name(values)}{{{joined(', ', items)}}}"
    return f"[{joined(' ', items)}]"


def _map(values: Mapping[str, object], how: Directive, depth: int) -> str:
    items = (
        f"{_written(key, how, depth + 1)}:{_written(values[key], how, depth + 1)}"
        for key in sorted(values, key=encoded)
    )
    if how.sharp_v:
        return _nil(values) or f"{type_name(values)}{{{joined(', ', items)}}}"
    return f"map[{joined(' ', items)}]"


def _nil(values: object) -> str | None:
    return f"{type_name(values)}(nil)" if is_nil(values) else None


def _record(record: Record, how: Directive, depth: int) -> str:
    own = record.methods.get("Error") or record.methods.get("String")
    if own is not None and how.verb in _STRING_VERBS and not (how.sharp_v or how.erroring):
        return string(str(own()), how) or ""
    if not record.is_pointer:
        return _struct(record, record.type_name, how, depth)
    if depth == 0:
        return "&" + _struct(record, record.type_name[1:], how, depth + 1)
    return _pointer(record, how)


def _struct(record: Record, name: str, how: Directive, depth: int) -> str:
    named = how.plus_v or how.sharp_v
    fields = (
        (f"{field}:" if named else "") + _written(value, how, depth + 1) for field, value in record.fields.items()
    )
    if how.sharp_v:
        return f"{name}{{{joined(', ', fields)}}}"
    return f"{{{joined(' ', fields)}}}"


def _pointer(record: Record, how: Directive) -> str:
    if how.verb == "v":
        return f"({record.type_name})({_ADDRESS:#x})" if how.sharp_v else address(_ADDRESS, how)
    text = integer(_ADDRESS, how) if how.verb in "bodxX" else None
    return text if text is not None else _bad_verb(record, how)


def _has_address(value: object) -> bool:
    if isinstance(value, Record):
        return value.is_pointer
    return isinstance(value, Mapping | list | tuple)


def _bad_verb(value: object, how: Directive) -> str:
    """Return the text for a verb that is none of this value's; the flags of the directive stay in force."""
    inner = _written(value, how._replace(verb="v", erroring=True), 0)
    return f"%!{how.verb}({type_name(value)}={inner})"
