"""Sprig's chapter on semantic versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..semver.constraint import parse_constraints
from ..semver.record import POINTER, version_record
from ..semver.version import BadVersion, parse_version
from ..values import Record


def semver(text: str) -> Record:
    """Return a version; parts that are left out are 0.

    Raises:
        FunctionError: The text is none.
    """
    try:
        return version_record(parse_version(text))
    except BadVersion as error:
        raise FunctionError(str(error)) from None


def semver_compare(constraint: str, version: str) -> bool:
    """Return whether a version satisfies a constraint such as `>=1.2, <2`, `^1.2.3 || ~2.0` or `1.x`.

    Raises:
        FunctionError: One of them is none.
    """
    try:
        alternatives = parse_constraints(constraint)
        found = parse_version(version)
    except BadVersion as error:
        raise FunctionError(str(error)) from None
    return any(all(one.allows(found) for one in all_of) for all_of in alternatives)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "semver": Function(semver, ("string",), gives=POINTER),
    "semverCompare": Function(semver_compare, ("string", "string"), gives="bool"),
}
