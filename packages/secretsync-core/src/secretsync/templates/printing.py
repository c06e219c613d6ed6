"""How a value reads where nobody says how: `{{ . }}`, `print` and `println`, which write Go's `%v`."""

from __future__ import annotations

from .printf.parse import PLAIN
from .printf.values import PLAIN_SCALARS, argument
from .values import MISSING, NO_VALUE, Record


def text(value: object) -> str:
    """Return what an action `{{ value }}` writes: Go's `%v`, but `<no value>` for nil and for what is missing.

    A record that is a pointer reads as what it points to.

    Raises:
        TypeError: The value, or one within it, is none of a template.
    """
    if value is None or value is MISSING:
        return NO_VALUE
    written = plain(value)
    return written.removeprefix("&") if isinstance(value, Record) and value.is_pointer else written


def plain(value: object) -> str:
    """Return Go's `%v` of a value, as `print` and `printf` write it: `<nil>` for nil and for what is missing.

    Raises:
        TypeError: The value, or one within it, is none of a template.
    """
    printer = PLAIN_SCALARS.get(type(value))
    return printer(value) if printer is not None else argument(value, PLAIN)


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
