"""Sprig's chapter on math with floats, which it does in decimals: `addf 0.1 0.2` is 0.3.

A decimal here is a pair of a coefficient and an exponent of ten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from .conversion import to_float

Decimal = tuple[int, int]
_PLACES: Final = 16
"""Those that a division keeps."""


def _decimal(value: object) -> Decimal:
    """Return the shortest decimal that a float is."""
    number = to_float(value)
    if not math.isfinite(number):
        raise FunctionError("Cannot create a Decimal from [redacted]")
    mantissa, _, exponent = repr(number).partition("e")
    before, _, after = mantissa.partition(".")
    return int(before + after), int(exponent or "0") - len(after)


def _float(value: Decimal) -> float:
    """Return the nearest float."""
    coefficient, exponent = value
    try:
        return coefficient / 10**-exponent if exponent < 0 else float(coefficient * 10**exponent)
    except OverflowError:
        return math.copysign(math.inf, coefficient)


def _add(one: Decimal, other: Decimal) -> Decimal:
    exponent = min(one[1], other[1])
    return one[0] * 10 ** (one[1] - exponent) + other[0] * 10 ** (other[1] - exponent), exponent


def _sub(one: Decimal, other: Decimal) -> Decimal:
    return _add(one, (-other[0], other[1]))


def _mul(one: Decimal, other: Decimal) -> Decimal:
    return one[0] * other[0], one[1] + other[1]


def _div(one: Decimal, other: Decimal) -> Decimal:
    """Return the quotient to 16 places, rounded half away from zero."""
    if not other[0]:
        raise FunctionError("decimal division by 0")
    shift = one[1] - other[1] + _PLACES
    dividend = abs(one[0]) * 10 ** max(shift, 0)
    divisor = abs(other[0]) * 10 ** max(-shift, 0)
    quotient = (2 * dividend + divisor) // (2 * divisor)
    return quotient if (one[0] < 0) == (other[0] < 0) else -quotient, -_PLACES


def _folded(step: Callable[[Decimal, Decimal], Decimal], first: object, others: tuple[object, ...]) -> float:
    made = _decimal(first)
    for other in others:
        made = step(made, _decimal(other))
    return _float(made)


def _fold(step: Callable[[Decimal, Decimal], Decimal]) -> Function:
    return Function(lambda first, *others: _folded(step, first, others), (ANY,), rest=ANY, gives="float64")


def _best(prefer: Callable[[float, float], float]) -> Function:
    def best(first: object, *others: object) -> float:
        found = to_float(first)
        for other in others:
            found = prefer(found, to_float(other))
        return found

    return Function(best, (ANY,), rest=ANY, gives="float64")


def _larger(one: float, other: float) -> float:
    """Return the larger number; an infinite one is larger than a NaN, which is larger than any other."""
    if math.inf in (one, other):
        return math.inf
    if math.isnan(one) or math.isnan(other):
        return math.nan
    return max(one, other, key=_with_signed_zeros)


def _smaller(one: float, other: float) -> float:
    return -_larger(-one, -other)


def _with_signed_zeros(value: float) -> tuple[float, float]:
    return value, math.copysign(1, value)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "add1f": Function(lambda value: _folded(_add, value, (1,)), (ANY,), gives="float64"),
    "addf": Function(lambda *values: _folded(_add, 0.0, values), rest=ANY, gives="float64"),
    "divf": _fold(_div),
    "maxf": _best(_larger),
    "minf": _best(_smaller),
    "mulf": _fold(_mul),
    "subf": _fold(_sub),
}
