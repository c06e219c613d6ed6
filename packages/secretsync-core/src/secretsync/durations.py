"""Durations as the KMS Agent reads them: a whole number and a unit, or several (agent §2.3)."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_DIGITS: Final = 15
"""More than anybody waits, in any unit; so many fit a float."""
_PART: Final = re.compile(rf"([0-9]{{1,{_DIGITS}}})(ms|[smhdw])")
_WHOLE: Final = re.compile(rf"\+?((?:{_PART.pattern})+)")


def seconds(text: str) -> float | None:
    """Return the seconds of a duration such as `300ms`, `5m` or `1h30m`; None where the text is none, or nothing."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(found[1])) or None
