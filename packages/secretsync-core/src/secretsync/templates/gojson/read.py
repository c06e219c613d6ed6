"""JSON as Go reads it: every number is a float, what is no UTF-8 becomes U+FFFD, and errors are in Go's words."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from math import isinf
from typing import Final, NoReturn

from ..errors import Excess
from ..values import well_formed
from .syntax import fault

_SURROGATE: Final = "[\ud800-\udfff]"


_ESCAPED_SURROGATE: Final = r"\\u[dD][89a-fA-F]"


class Unreadable(ValueError):
    """A text is no JSON; the text of the error is Go's, with the input redacted.

    Attributes:
        value: What Go makes of it all the same: None, or all but a number beyond the range of floats.
    """

    def __init__(self, text: str, value: object = None) -> None:
        super().__init__(text)
        self.value: object = value


def from_json(text: str) -> object:
    """Return the value that JSON stands for.

    Raises:
        Unreadable: The text is no JSON, or a number in it is beyond the range of floats.
        Excess: It is nested more deeply than Python's stack allows.
    """
    too_large: list[str] = []

    def number(digits: str) -> float | None:
        value = float(digits)
        if isinf(value):
            too_large.append(digits)
            return None
        return value

    text = well_formed(text)
    decoder = JSONDecoder(parse_int=number, parse_float=number, parse_constant=_refuse)
    try:
        value = decoder.decode(re.sub(_SURROGATE, "\ufffd", text))
    except (JSONDecodeError, _Constant, RecursionError):
        wrong = fault(text)
        if wrong is None:
            raise Excess("JSON is nested too deeply to be read", "nesting") from None
        raise Unreadable(wrong) from None
    if re.search(_ESCAPED_SURROGATE, text):
        value = _mended(value)
    if too_large:
        raise Unreadable("json: cannot unmarshal number [redacted] into Go value of type float64", value)
    return value


class _Constant(Exception):
    """`NaN` or `Infinity`, which Python takes for JSON."""


def _refuse(_: str) -> NoReturn:
    raise _Constant


def _mended(value: object) -> object:
    """Replace halves of surrogate pairs, which an escape may stand for."""
    if isinstance(value, str):
        return value if value.isascii() else re.sub(_SURROGATE, "\ufffd", value)
    if isinstance(value, list):
        return [_mended(element) for element in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(element) for key, element in value.items()}
    return value
