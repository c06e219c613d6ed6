"""Sprig's chapter on math: integers of 64 bits, which wrap around; and rounding, which is of floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import ANY, Function
from ..values import Int64
from .conversion import to_float, to_int, wrapped


def _add(*values: object) -> Int64:
    return Int64(wrapped(sum(map(to_int, values))))


def _mul(*values: object) -> Int64:
    product = 1
    for value in values:
        product = wrapped(product * to_int(value))
    return Int64(product)


def _div(dividend: object, divisor: object) -> Int64:
    return Int64(wrapped(_quotient(to_int(dividend), to_int(divisor))))


def _mod(dividend: object, divisor: object) -> Int64:
    one, other = to_int(dividend), to_int(divisor)
    return Int64(one - other * _quotient(one, other))


def _quotient(dividend: int, divisor: int) -> int:
    """Return the quotient without its fraction, where Python would round down."""
    if not divisor:
        raise FunctionError("runtime error: integer divide by zero")
    found = abs(dividend) // abs(divisor)
    return found if (dividend < 0) == (divisor < 0) else -found


def _best(choose: Callable[[list[int]], int]) -> Function:
    return Function(lambda *values: Int64(choose([to_int(value) for value in values])), (ANY,), rest=ANY, gives="int64")


def whole(value: float, to: Callable[[float], int]) -> float:
    """Return a float rounded by a function for finite ones; zeros keep their sign."""
    return math.copysign(to(value), value) if math.isfinite(value) else value


def _round(value: object, places: int, *limits: float) -> float:
    """Return a number rounded to so many places: up if the next ones come to the limit, 0.5 unless said otherwise."""
    number, power = to_float(value), power_of_ten(places)
    digits = power * number
    fraction = math.modf(digits)[0] if math.isfinite(digits) else math.nan
    up = fraction >= (limits[0] if limits else 0.5)
    return _divided(whole(digits, math.ceil if up else math.floor), power)


def power_of_ten(exponent: int) -> float:
    """Return 10 to the power of an integer, by Go's multiplications, whose last bit is not always the nearest."""
    mantissa, scale = 1.0, 0
    factor, step = math.frexp(10.0)
    left = abs(exponent)
    while left:
        if abs(step) > _FAR:
            scale += step
            break
        if left & 1:
            mantissa *= factor
            scale += step
        factor *= factor
        step *= 2
        if factor < 0.5:  # noqa: PLR2004  # a mantissa is from 0.5 on
            factor += factor
            step -= 1
        left >>= 1
    if exponent < 0:
        mantissa, scale = 1 / mantissa, -scale
    try:
        return math.ldexp(mantissa, scale)
    except OverflowError:
        return math.inf


_FAR: Final = 1 << 12


def _divided(dividend: float, divisor: float) -> float:
    if divisor:
        return dividend / divisor
    return math.nan if not dividend or math.isnan(dividend) else math.copysign(math.inf, dividend)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "add": Function(_add, rest=ANY, gives="int64"),
    "add1": Function(lambda value: _add(value, 1), (ANY,), gives="int64"),
    "biggest": _best(max),
    "ceil": Function(lambda value: whole(to_float(value), math.ceil), (ANY,), gives="float64"),
    "div": Function(_div, (ANY, ANY), gives="int64"),
    "floor": Function(lambda value: whole(to_float(value), math.floor), (ANY,), gives="float64"),
    "max": _best(max),
    "min": _best(min),
    "mod": Function(_mod, (ANY, ANY), gives="int64"),
    "mul": Function(_mul, (ANY,), rest=ANY, gives="int64"),
    "round": Function(_round, (ANY, "int"), rest="float64", gives="float64"),
    "sub": Function(lambda one, other: Int64(wrapped(to_int(one) - to_int(other))), (ANY, ANY), gives="int64"),
}
