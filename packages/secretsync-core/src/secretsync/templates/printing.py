"""How a value reads where nobody says how: `{{ . }}`, `print` and `println`, which write Go's `%v`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .values import MISSING, NIL, NO_VALUE, Record, StandIn, type_name


def text(value: object) -> str:
    """Return what an action `{{ value }}` writes: Go's `%v`, but `<no value>` for nil and for what is missing.

    Raises:
        TypeError: The value, or one within it, is none of a template.
    """
    if value is None or value is MISSING:
        return NO_VALUE
    if isinstance(value, Record) and value.is_pointer:
        return plain(value)[1:]
    return plain(value)


def plain(value: object) -> str:
    """Return Go's `%v` of a value, as `print` and `printf` write it: `<nil>` for nil and for what is missing.

    Raises:
        TypeError: The value, or one within it, is none of a template.
    """
    printer = _SCALARS.get(type(value))
    return printer(value) if printer is not None else _compound(value)


def print_(*values: object) -> str:
    """Return the values one after another, with a space between two of which neither is a string."""
    written: list[str] = []
    after_string = True
    for value in values:
        is_string = isinstance(value, str)
        if not (is_string or after_string):
            written.append(" ")
        written.append(plain(value))
        after_string = is_string
    return "".join(written)


def println(*values: object) -> str:
    """Return the values with a space between any two, and a newline."""
    return " ".join(map(plain, values)) + "\n"


def float_text(value: float) -> str:
    """Return Go's `%v` of a float: the fewest digits that mean it, with an exponent below -4 and from 21 on."""
    return f"{value:g}"


_SCALARS: Final[dict[type, Callable[..., str]]] = {
    str: str,
    int: int.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
    float: float_text,
    type(None): lambda _: NIL,
    type(MISSING): lambda _: NIL,
    StandIn: lambda _: "",
}


def _compound(value: object) -> str:
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(plain, value)) + "]"
    if isinstance(value, Record):
        return ("&{" if value.is_pointer else "{") + " ".join(map(plain, value.fields.values())) + "}"
    return f"%!v({type_name(value)})"
