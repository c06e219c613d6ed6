"""What a plain scalar of YAML means to Go's yaml.v3: YAML 1.2 with the integers and times of 1.1."""

from __future__ import annotations

import math
import re
from typing import Final

from ..gotime.parse import BadTime, parse_time
from ..gotime.record import time_record
from ..gotime.zones import UTC
from ..values import Uint64

_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
MERGE: Final = "<<"
_TIME: Final = re.compile(r"\d{4}-")
_LAYOUTS: Final = (
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
)
_INTEGER: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def resolved(text: str) -> object:
    """Return the value of a plain scalar; what is nothing else is the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[:1]
    if not (first.isascii() and (first.isdigit() or first in "+-.")):
        return text
    if first == ".":
        return _float(text, text)
    instant = _instant(text)
    if instant is not None:
        return instant
    plain = text.replace("_", "")
    number = _integer(plain)
    return number if number is not None else _float(plain, text)


def _instant(text: str) -> object | None:
    if _TIME.match(text) is None:
        return None
    for layout in _LAYOUTS:
        try:
            return time_record(parse_time(layout, text, UTC), UTC)
        except BadTime:
            continue
    return None


def _integer(plain: str) -> int | None:
    found = _INTEGER.fullmatch(plain)
    if found is None:
        return None
    sign, *digits = found.groups()
    base, written = next((base, part) for base, part in zip((16, 2, 8, 10), digits, strict=True) if part is not None)
    if len(written) > 64:  # noqa: PLR2004  # the bits of the largest, and more than Python would read
        return None
    value = int(written, base) * (-1 if sign == "-" else 1)
    if -(2**63) <= value < 2**63:
        return value
    return Uint64(value) if not sign and value < 2**64 else None


def _float(plain: str, text: str) -> object:
    if _FLOAT.fullmatch(plain) is None:
        return text
    value = float(plain)
    return text if math.isinf(value) else value
