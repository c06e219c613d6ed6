"""`printf`: Go's formatted text, down to the complaints it writes into the text.

    printf_parse      what a format says: flags, indexes, width, precision, verb
    printf_values     which verbs a value has; lists, maps, records; `%v`, `%T`, `%p` and `%!d(string=x)`
    printf_integers   %d %b %o %O %x %X %c %q %U
    printf_floats     %e %E %f %F %g %G %b %x %X
    printf_strings    %s %q %x %X, and %t
    printf_quoting    how %q escapes

A wrong format or argument raises nothing: as in Go, the text says what was wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .printf_parse import Check, Directive, Piece, Plan, Slot, parse, star
from .printf_quoting import quote
from .printf_values import argument, joined
from .values import MISSING, NIL, type_name

_QUICK: Final = {
    Directive("s"): "{arg} if type({arg}) is str else {write}({arg})",
    Directive("v"): "{arg} if type({arg}) is str else {write}({arg})",
    Directive("d"): "{arg} if type({arg}) is int else {write}({arg})",
    Directive("q"): "quote({arg}) if type({arg}) is str else {write}({arg})",
}
"""What the usual directives come to where the value is of the usual type."""

_BUILTINS: Final = {"type": type, "str": str, "int": int}
_MOST_PIECES: Final = 32
_WIDE: Final = 1000


def printf(form: str, args: Sequence[object]) -> str:
    """Return a text made by a format and its arguments.

    Raises:
        TypeError: An argument, or a value within one, is none of a template.
        TooLong: The text would be.
    """
    return _filled(parse(form, len(args)), args)


def compiled(form: str, count: int) -> Callable[..., str]:
    """Return a function of `count` arguments that does, several times as fast, what `printf` does with this format.

    It is for the formats that stand in a template. There is no cache of them, because a format that is computed may
    hold a secret: whoever compiles the template keeps the function.
    """
    plan = parse(form, count)
    if plan.extra is None and len(plan.pieces) <= _MOST_PIECES and all(map(_is_simple, plan.pieces)):
        return _generated(plan.pieces, count)

    def fill(*args: object) -> str:
        return _filled(plan, args)

    return fill


def _is_simple(piece: Piece) -> bool:
    """Return whether a piece needs one argument at most and is of no excessive width."""
    match piece:
        case Slot():
            how = piece.directive
            is_fixed = piece.width_from is None and piece.precision_from is None
            return is_fixed and how.width + (how.precision or 0) < _WIDE
        case Check():
            return False
        case str():
            return True


def _generated(pieces: Sequence[Piece], count: int) -> Callable[..., str]:
    """Return the pieces as one f-string. Its source holds names of ours alone, no text of the format."""
    names: dict[str, object] = {"__builtins__": _BUILTINS, "quote": quote}
    fields = "".join(f"{{{_field(piece, f'c{at}', names)}}}" for at, piece in enumerate(pieces))
    arguments = ", ".join(f"a{at}" for at in range(count))
    made: Callable[..., str] = eval(f'lambda {arguments}: f"{fields}"', names)  # noqa: S307  # see above
    return made


def _field(piece: Piece, name: str, names: dict[str, object]) -> str:
    """Return the expression for a piece, and bind the name that it uses."""
    if not isinstance(piece, Slot):
        names[name] = piece
        return name
    how = piece.directive
    names[name] = lambda value: argument(value, how)
    return _QUICK.get(how, "{write}({arg})").format(arg=f"a{piece.arg}", write=name)


def _filled(plan: Plan, args: Sequence[object]) -> str:
    text = joined("", (_piece(piece, args) for piece in plan.pieces))
    if plan.extra is None:
        return text
    return f"{text}%!(EXTRA {joined(', ', map(_unused, args[plan.extra :]))})"


def _piece(piece: Piece, args: Sequence[object]) -> str:
    match piece:
        case Slot():
            return argument(args[piece.arg], _starred(piece, args))
        case Check():
            return "" if star(args[piece.arg], piece.least) is not None else piece.complaint
        case str():
            return piece


def _starred(slot: Slot, args: Sequence[object]) -> Directive:
    """Return a slot's directive with the width and precision that its arguments say."""
    how = slot.directive
    if slot.width_from is not None:
        width = star(args[slot.width_from]) or 0
        how = how._replace(width=abs(width))
        if width < 0:
            how = how._replace(minus=True, zero=False)
    if slot.precision_from is not None:
        how = how._replace(precision=star(args[slot.precision_from], 0))
    return how


def _unused(value: object) -> str:
    if value is None or value is MISSING:
        return NIL
    return f"{type_name(value)}={argument(value, Directive('v'))}"
