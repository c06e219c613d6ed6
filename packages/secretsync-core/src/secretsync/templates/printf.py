"""`printf`: Go's formatted text, down to the complaints it writes into the text.

    printf_parse      what a format says: flags, indexes, width, precision, verb
    printf_compile    a format that stands in a template, as a function
    printf_values     which verbs a value has; lists, maps, records; `%v`, `%T`, `%p` and `%!d(string=x)`
    printf_integers   %d %b %o %O %x %X %c %q %U
    printf_floats     %e %E %f %F %g %G %b %x %X
    printf_strings    %s %q %x %X, and %t
    printf_quoting    how %q escapes

A wrong format or argument raises nothing: as in Go, the text says what was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from .printf_compile import compiled, filled
from .printf_parse import parse

__all__ = ["compiled", "printf"]


def printf(form: str, args: Sequence[object]) -> str:
    """Return a text made by a format and its arguments.

    Raises:
        TypeError: An argument, or a value within one, is none of a template.
        Excess: The text would be longer than any may be.
    """
    return filled(parse(form, len(args)), args)
