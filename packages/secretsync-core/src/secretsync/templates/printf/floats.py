"""The verbs of floats and complex numbers: `%e %E %f %F %g %G`, `%b`, `%x` and `%X`."""

from __future__ import annotations

import math
from typing import Final

from .integers import pad, pad_spaces
from .parse import Directive

_DEFAULT_PRECISION: Final = {"e": 6, "E": 6, "f": 6, "F": 6}
_VERBS: Final = frozenset("vbgGxXfFeE")
_LEAST_PLAIN: Final = 1e-4
_LEAST_LARGE: Final = 1e6
_MANTISSA_BITS: Final = 52
_LEAST_EXPONENT: Final = -1074
_MANTISSA_DIGITS: Final = _MANTISSA_BITS // 4


def shortest(value: float) -> str:
    """Return a float in the fewest digits that mean it: Go's `%v`, with an exponent below -4 and from 6 on."""
    size = abs(value)
    text = repr(value)
    if _LEAST_PLAIN <= size < _LEAST_LARGE or size == 0:
        return text.removesuffix(".0")
    if not math.isfinite(value):
        return _not_finite(value)
    return text if "e" in text else _with_exponent(text)


def _with_exponent(text: str) -> str:
    """Return a large number with an exponent, from the digits it has: rounding the number anew may give others."""
    sign = "-" if text[0] == "-" else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    digits = (whole + fraction).rstrip("0")
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e+{len(whole) - 1:02d}"


def floating(value: float, how: Directive) -> str | None:
    """Return a float as its verb has it, or None if the verb is none of floats."""
    if how.verb not in _VERBS:
        return None
    verb = {"v": "g", "F": "f"}.get(how.verb, how.verb)
    number = _converted(value, verb, how)
    sign, number = (number[0], number[1:]) if number[0] in "+-" else ("+", number)
    if how.space and sign == "+" and not how.plus:
        sign = " "
    if not math.isfinite(value):
        bare = math.isnan(value) and not how.space and not how.plus
        return pad_spaces(number if bare else sign + number, how)
    if how.sharp and verb != "b":
        number = _with_point(number, verb, how)
    return _signed(sign, number, how)


def complex_number(value: complex, how: Directive) -> str | None:
    """Return a complex number, each part as its verb has it, or None if the verb is none of floats."""
    real = floating(value.real, how)
    imaginary = floating(value.imag, how._replace(plus=True))
    return None if real is None else f"({real}{imaginary}i)"


def _signed(sign: str, number: str, how: Directive) -> str:
    if sign == "+" and not how.plus:
        return pad(number, how)
    if how.zero and not how.minus:
        return sign + number.rjust(how.width - 1, "0")
    return pad(sign + number, how)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def _converted(value: float, verb: str, how: Directive) -> str:
    precision = _DEFAULT_PRECISION.get(verb) if how.precision is None else how.precision
    if not math.isfinite(value):
        return _not_finite(value)
    if verb == "b":
        return _binary(value)
    if verb in {"x", "X"}:
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision is None:
        text = shortest(value)
        return text.upper() if verb == "G" else text
    return f"{value:.{precision}{verb}}"


def _with_point(number: str, verb: str, how: Directive) -> str:
    """Return a number as the flag `#` wants it: with a decimal point, and with the zeros that `g` leaves out.

    Go counts digits by what the text shows, so in hexadecimal the `x` of `0x` counts as one.
    """
    mantissa, exponent = _split(number, verb)
    missing = 0
    if verb in {"g", "G", "x"}:
        missing = 6 if how.precision is None else how.precision
    missing -= len(mantissa.replace(".", "").lstrip("0"))
    if "." not in mantissa:
        missing -= mantissa == "0"
        mantissa += "."
    return mantissa + "0" * missing + exponent


def _split(number: str, verb: str) -> tuple[str, str]:
    """Return mantissa and exponent, the exponent with its letter."""
    letters = "pP" if verb in {"x", "X"} else "eE"
    at = next((at for at, char in enumerate(number) if char in letters), len(number))
    return number[:at], number[at:]


def _binary(value: float) -> str:
    """Return the mantissa as a whole number, and the power of two it is multiplied by."""
    exponent = max(math.frexp(value)[1] - _MANTISSA_BITS - 1, _LEAST_EXPONENT) if value else _LEAST_EXPONENT
    mantissa = int(math.ldexp(abs(value), -exponent))
    return f"{_minus(value)}{mantissa}p{exponent:+d}"


def _minus(value: float) -> str:
    return "-" if math.copysign(1, value) < 0 else ""


def _hexadecimal(value: float, precision: int | None) -> str:
    """Return a float as `0x1.8p+01`; of a precision below its 13 digits it is rounded to even."""
    fraction, exponent = math.frexp(abs(value))
    mantissa = int(math.ldexp(fraction, _MANTISSA_BITS + 1))
    exponent = exponent - 1 if value else 0
    if precision is not None and precision < _MANTISSA_DIGITS:
        mantissa = _rounded(mantissa, 4 * (_MANTISSA_DIGITS - precision))
    if mantissa >> (_MANTISSA_BITS + 1):
        mantissa, exponent = mantissa >> 1, exponent + 1
    digits = f"{mantissa & ((1 << _MANTISSA_BITS) - 1):013x}"
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    point = "." if digits else ""
    return f"{_minus(value)}0x{mantissa >> _MANTISSA_BITS}{point}{digits}p{exponent:+03d}"


def _rounded(mantissa: int, bits: int) -> int:
    """Return a mantissa with that many of its lowest bits rounded away, half to even."""
    kept, cut = mantissa >> bits, mantissa & ((1 << bits) - 1)
    half = 1 << (bits - 1)
    return (kept + (cut > half or (cut == half and kept & 1 == 1))) << bits
