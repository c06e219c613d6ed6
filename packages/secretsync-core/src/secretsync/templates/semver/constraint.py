"""Constraints: `>=1.2, <2`, `1.2 - 1.4`, `^1.2.3 || ~2.0`, `1.x`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from .version import BadVersion, Version, compare_pre, parse_version

_LONGEST: Final = 1024
"""Characters of a constraint: looking for ranges in it takes the square of them."""
_SPACE: Final = r"[\t\n\f\r ]"
_PART: Final = "[0-9|xX*]+"
_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*+"
# Possessive: neither is there a shorter match that something may follow, nor does a text take long that is none.
_VERSION: Final = rf"v?+{_PART}+(?:\.{_PART}+)?+(?:\.{_PART}+)?+(?:-{_IDENTIFIERS})?+(?:\+{_IDENTIFIERS})?+"
_OPERATOR: Final = "(?:!=|>=|<=|=>|=<|~>|[=<>~^])?+"
_ONE: Final = rf"{_OPERATOR}{_SPACE}*+{_VERSION}"
_SEPARATOR: Final = rf"(?:{_SPACE}*+,{_SPACE}*+|{_SPACE}++)"
_ALL_OF: Final = rf"{_SPACE}*+{_ONE}(?:{_SEPARATOR}{_ONE})*+{_SPACE}*+"
_RANGE: Final = rf"{_SPACE}*+({_VERSION}){_SPACE}++-{_SPACE}++({_VERSION}){_SPACE}*+"
_PARTS: Final = (
    rf"(?P<operator>{_OPERATOR}){_SPACE}*+(?P<version>v?(?P<major>{_PART})(?P<minor>\.{_PART})?(?P<patch>\.{_PART})?"
    rf"(?P<pre>-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?)"
)


class Constraint(NamedTuple):
    """One of several that must hold together.

    Attributes:
        operator: How a version must compare; empty is the same as `=`.
        version: What it compares with.
        open_major: Whether all of the version was left open: `*`.
        open_minor: Whether it was from the minor number on: `1` or `1.x`.
        open_patch: Whether the patch alone was: `1.2`.
    """

    operator: str
    version: Version
    open_major: bool
    open_minor: bool
    open_patch: bool

    @property
    def is_open(self) -> bool:
        """Whether some part was left open."""
        return self.open_major or self.open_minor or self.open_patch

    def allows(self, version: Version) -> bool:
        """Return whether a version satisfies this; before a release, only where the constraint has the like."""
        is_exact_difference = self.operator == "!=" and not self.is_open
        if version.pre and not self.version.pre and not is_exact_difference:
            return False
        return _OPERATORS[self.operator](self, version)


def parse_constraints(text: str) -> list[list[Constraint]]:
    """Return alternatives, and the constraints that must hold together in each.

    Raises:
        BadVersion: The text is none.
    """
    if len(text) > _LONGEST:
        raise BadVersion("improper constraint: [redacted]")
    return [_all_of(part) for part in _without_ranges(text).split("||")]


def _without_ranges(text: str) -> str:
    for found in re.finditer(_RANGE, text):
        text = text.replace(found[0], f">= {found[1]}, <= {found[2]} ", 1)
    return text


def _all_of(text: str) -> list[Constraint]:
    if re.fullmatch(_ALL_OF, text) is None:
        raise BadVersion("improper constraint: [redacted]")
    return [_constraint(found) for found in re.finditer(_PARTS, text)]


def _constraint(found: re.Match[str]) -> Constraint:
    major, minor, patch, pre = (found[part] or "" for part in ("major", "minor", "patch", "pre"))
    open_major = _is_open(major)
    open_minor = not open_major and _is_open(minor)
    open_patch = not (open_major or open_minor) and _is_open(patch)
    text = found["version"]
    if open_major:
        text = f"0.0.0{pre}"
    elif open_minor:
        text = f"{major}.0.0{pre}"
    elif open_patch:
        text = f"{major}{minor}.0{pre}"
    try:
        version = parse_version(text)
    except BadVersion:
        raise BadVersion("constraint Parser Error") from None
    return Constraint(found["operator"], version, open_major, open_minor, open_patch)


def _is_open(part: str) -> bool:
    return part.removeprefix(".") in {"", "x", "X", "*"}


def _differs(constraint: Constraint, version: Version) -> bool:
    wanted = constraint.version
    if not (constraint.open_minor or constraint.open_patch):
        return version.compared(wanted) != 0
    if version.major != wanted.major:
        return True
    if constraint.open_minor:
        return False
    return version.minor != wanted.minor or (
        bool(version.pre or wanted.pre) and compare_pre(version.pre, wanted.pre) != 0
    )


def _is_after(constraint: Constraint, version: Version) -> bool:
    wanted = constraint.version
    if version.major != wanted.major or constraint.open_minor:
        return version.major > wanted.major
    if constraint.open_patch:
        return version.minor > wanted.minor
    return version.compared(wanted) > 0


def _is_before(constraint: Constraint, version: Version) -> bool:
    return version.compared(constraint.version) < 0


def _is_not_before(constraint: Constraint, version: Version) -> bool:
    return version.compared(constraint.version) >= 0


def _is_not_after(constraint: Constraint, version: Version) -> bool:
    wanted = constraint.version
    if not constraint.is_open:
        return version.compared(wanted) <= 0
    if version.major != wanted.major:
        return version.major < wanted.major
    return constraint.open_minor or version.minor <= wanted.minor


def _is_same(constraint: Constraint, version: Version) -> bool:
    if constraint.is_open:
        return _is_about(constraint, version)
    return version.compared(constraint.version) == 0


def _is_about(constraint: Constraint, version: Version) -> bool:
    """`~`: the same minor version, or the same major one if the minor is open; `~0.0.0` and `*` are anything."""
    wanted = constraint.version
    if version.compared(wanted) < 0:
        return False
    if wanted[:3] == (0, 0, 0) and not (constraint.open_minor or constraint.open_patch):
        return True
    return version.major == wanted.major and (constraint.open_minor or version.minor == wanted.minor)


def _is_compatible(constraint: Constraint, version: Version) -> bool:
    """`^`: the same up to the first number that is not 0."""
    wanted = constraint.version
    if version.compared(wanted) < 0 or version.major != wanted.major:
        return False
    if wanted.major > 0 or constraint.open_minor:
        return True
    if version.minor != wanted.minor:
        return False
    return wanted.minor > 0 or constraint.open_patch or version.patch == wanted.patch


_OPERATORS: Final[dict[str, Callable[[Constraint, Version], bool]]] = {
    "": _is_same,
    "=": _is_same,
    "!=": _differs,
    ">": _is_after,
    "<": _is_before,
    ">=": _is_not_before,
    "=>": _is_not_before,
    "<=": _is_not_after,
    "=<": _is_not_after,
    "~": _is_about,
    "~>": _is_about,
    "^": _is_compatible,
}
