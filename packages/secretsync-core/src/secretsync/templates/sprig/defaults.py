"""Sprig's chapter on defaults, without JSON: what is used where a value is empty.

Empty is what is false for `if`: zeros, nil, and what has no elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import ANY, Function


def default(instead: object, *given: object) -> object:
    """Return the first given value, or another if that is empty."""
    return given[0] if given and given[0] else instead


def coalesce(*values: object) -> object:
    """Return the first value that is not empty."""
    return next((value for value in values if value), None)


def ternary(yes: object, no: object, condition: bool) -> object:  # noqa: FBT001  # Sprig's order
    return yes if condition else no


FUNCTIONS: Final[Mapping[str, Function]] = {
    "all": Function(lambda *values: all(values), rest=ANY, gives="bool"),
    "any": Function(lambda *values: any(values), rest=ANY, gives="bool"),
    "coalesce": Function(coalesce, rest=ANY),
    "default": Function(default, (ANY,), rest=ANY),
    "empty": Function(lambda value: not value, (ANY,), gives="bool"),
    "ternary": Function(ternary, (ANY, ANY, "bool")),
}
