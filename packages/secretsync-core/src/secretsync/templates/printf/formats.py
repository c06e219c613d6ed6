"""What is done with the plan of a format: filled at once, or made into a function for the next thousand times.

The function is one f-string. A directive that Python's own formatting has, too, is left to that where the value is
of the usual type: `%-8s` of a str in ASCII, `%05d` of an int, `%.2f` of a finite float. All else is `argument`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Final

from ..printing import plain
from ..quoting import quote
from ..values import MISSING, NIL, type_name
from .parse import PLAIN, Check, Directive, Piece, Plan, Slot, parse, star
from .values import argument, joined

_QUICK: Final = {
    Directive("s"): "{arg} if type({arg}) is str else {write}({arg})",
    PLAIN: "{arg} if type({arg}) is str else {write}({arg})",
    Directive("d"): "{arg} if type({arg}) is int else {write}({arg})",
    Directive("q"): "quote({arg}) if type({arg}) is str else {write}({arg})",
}
_PYTHONS: Final = {
    "s": "format({arg}, {spec}) if type({arg}) is str and {arg}.isascii() else {write}({arg})",
    "d": "format({arg}, {spec}) if type({arg}) is int else {write}({arg})",
    "f": "format({arg}, {spec}) if type({arg}) is float and isfinite({arg}) else {write}({arg})",
}
_ALL: Final = "{write}({arg})"
_NAMES: Final = {"type": type, "str": str, "int": int, "float": float, "format": format}

_MOST_PIECES: Final = 32
_WIDE: Final = 1000


def printf(form: str, args: Sequence[object]) -> str:
    """Return a text made by a format and its arguments.

    Raises:
        TypeError: An argument, or a value within it, is none of a template.
        Excess: The text would be longer than any may be.
    """
    return filled(parse(form, len(args)), args)


def compiled(form: str, count: int) -> Callable[..., str]:
    """Return a function of `count` arguments that does, many times as fast, what `printf` does with this format.

    It is for the formats that stand in a template. There is no cache of them, because a format that is computed may
    hold a secret: whoever compiles the template keeps the function.
    """
    plan = parse(form, count)
    if plan.extra is None and len(plan.pieces) <= _MOST_PIECES and all(map(_is_simple, plan.pieces)):
        return _generated(plan.pieces, count)

    def fill(*args: object) -> str:
        return filled(plan, args)

    return fill


def filled(plan: Plan, args: Sequence[object]) -> str:
    """Return the text of a plan; raises as `printf` does."""
    text = joined("", (_piece(piece, args) for piece in plan.pieces))
    if plan.extra is None:
        return text
    return f"{text}%!(EXTRA {joined(', ', map(_unused, args[plan.extra :]))})"


def _is_simple(piece: Piece) -> bool:
    """Return whether a piece needs one argument at most and is of no great width."""
    if isinstance(piece, Slot):
        how = piece.directive
        is_fixed = piece.width_from is None and piece.precision_from is None
        return is_fixed and how.width + (how.precision or 0) < _WIDE
    return isinstance(piece, str)


def _generated(pieces: Sequence[Piece], count: int) -> Callable[..., str]:
    """Return the pieces as one f-string. Its source holds names of ours alone, no text of the format."""
    names: dict[str, object] = {"__builtins__": _NAMES, "quote": quote, "isfinite": isfinite}
    fields = "".join(f"{{{_field(piece, at, names)}}}" for at, piece in enumerate(pieces))
    arguments = ", ".join(f"a{at}" for at in range(count))
    made: Callable[..., str] = eval(f'lambda {arguments}: f"{fields}"', names)  # noqa: S307  # see above
    return made


def _field(piece: Piece, at: int, names: dict[str, object]) -> str:
    """Return the expression for the piece at this place, and bind the names that it uses."""
    if not isinstance(piece, Slot):
        names[f"text{at}"] = piece
        return f"text{at}"
    how = piece.directive
    names[f"write{at}"] = plain if how is PLAIN else lambda value: argument(value, how)
    names[f"spec{at}"] = _spec(how)
    quick = _QUICK.get(how) or (_PYTHONS.get(how.verb, _ALL) if _is_pythons(how) else _ALL)
    return quick.format(arg=f"a{piece.arg}", write=f"write{at}", spec=f"spec{at}")


def _is_pythons(how: Directive) -> bool:
    """Return whether Python's format means the same by these flags, given the usual type."""
    match how.verb:
        case "s":
            return not how.zero
        case "d":
            return how.precision is None
        case _:
            return how.verb == "f" and not how.sharp


def _spec(how: Directive) -> str:
    """Return the directive as Python's format specification, for those that are `_is_pythons`."""
    align = "<" if how.minus else "" if how.zero else ">"
    zero = "0" if how.zero and not how.minus else ""
    width = str(how.width or "")
    precision = "" if how.precision is None else f".{how.precision}"
    if how.verb == "s":
        return f"{align}{width}{precision}"
    sign = "+" if how.plus else " " if how.space else ""
    return f"{align}{sign}{zero}{width}{precision}{how.verb}"


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
        how = how._replace(width=abs(width), minus=how.minus or width < 0)
    if slot.precision_from is not None:
        how = how._replace(precision=star(args[slot.precision_from], 0))
    return how


def _unused(value: object) -> str:
    if value is None or value is MISSING:
        return NIL
    return f"{type_name(value)}={plain(value)}"
