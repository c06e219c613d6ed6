"""What templates hold of a version: a record with Go's methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..values import Record, Uint64
from .version import BadVersion, Version, check_metadata, check_pre, parse_version

POINTER: Final = "*semver.Version"
_VALUE: Final = "semver.Version"


def version_record(version: Version) -> Record:
    """Return a version as `semver` gives it: a pointer."""
    return Record(POINTER, {}, {**_of_values(version), **_of_pointers(version)}, inner=version)


def _changed(version: Version, **parts: int | str) -> Record:
    """Return a changed version; Go gives no pointer to it, and so it has fewer methods."""
    changed = version.changed(**parts)
    return Record(_VALUE, {}, _of_values(changed), inner=changed)


def _next(number: int) -> int:
    return (number + 1) % 2**64


def _of_values(version: Version) -> Mapping[str, Function]:
    patch = version.patch if version.pre else _next(version.patch)
    return {
        "IncMajor": Function(
            lambda: _changed(version, major=_next(version.major), minor=0, patch=0, pre="", metadata="")
        ),
        "IncMinor": Function(lambda: _changed(version, minor=_next(version.minor), patch=0, pre="", metadata="")),
        "IncPatch": Function(lambda: _changed(version, patch=patch, pre="", metadata="")),
        "Major": Function(lambda: Uint64(version.major)),
        "MarshalText": Function(lambda: str(version)),
        "Metadata": Function(lambda: version.metadata),
        "Minor": Function(lambda: Uint64(version.minor)),
        "Patch": Function(lambda: Uint64(version.patch)),
        "Prerelease": Function(lambda: version.pre),
        "SetMetadata": Function(lambda text: _set(version, check_metadata, metadata=text), ("string",)),
        "SetPrerelease": Function(lambda text: _set(version, check_pre, pre=text), ("string",)),
        "String": Function(lambda: str(version)),
    }


def _set(version: Version, check: Callable[[str], None], **part: str) -> Record:
    try:
        check(*part.values())
    except BadVersion as error:
        raise FunctionError(str(error)) from None
    return _changed(version, **part)


def _of_pointers(version: Version) -> Mapping[str, Function]:
    def compared(holds: Callable[[int], object]) -> Function:
        return Function(lambda other: holds(version.compared(_version_of(other))), (POINTER,))

    return {
        "Compare": compared(lambda order: order),
        "Equal": compared(lambda order: order == 0),
        "GreaterThan": compared(lambda order: order > 0),
        "GreaterThanEqual": compared(lambda order: order >= 0),
        "LessThan": compared(lambda order: order < 0),
        "LessThanEqual": compared(lambda order: order <= 0),
        "Original": Function(lambda: version.original),
    }


def _version_of(other: Record) -> Version:
    return parse_version(str(other.methods["Original"]()))
