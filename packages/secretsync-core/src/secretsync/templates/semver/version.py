"""Versions: three numbers, perhaps what comes before a release, and metadata, which do not count in comparisons."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final, NamedTuple

from ..errors import check_word

_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = (
    rf"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    rf"(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+(?P<metadata>{_IDENTIFIERS}))?"
)
_MOST: Final = 2**64 - 1


class BadVersion(ValueError):
    """A text is no version, or no constraint; the text of the error is Go's, with the input redacted."""


class Version(NamedTuple):
    """A version.

    Attributes:
        original: The text that it was read from.
    """

    major: int
    minor: int
    patch: int
    pre: str
    metadata: str
    original: str

    def __str__(self) -> str:
        pre = f"-{self.pre}" if self.pre else ""
        metadata = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{metadata}"

    def changed(self, **parts: int | str) -> Version:
        """Return a version with other parts, whose original text has the `v` of this."""
        made = self._replace(**parts)  # type: ignore[arg-type]  # the names are those of parts
        return made._replace(original=("v" if self.original.startswith("v") else "") + str(made))

    def compared(self, other: Version) -> int:
        """Return -1, 0 or 1: whether this is before the other, the same, or after it."""
        mine, others = self[:3], other[:3]
        if mine != others:
            return 1 if mine > others else -1
        if not self.pre or not other.pre:
            return bool(other.pre) - bool(self.pre)
        return compare_pre(self.pre, other.pre)


def parse_version(text: str) -> Version:
    """Return the version that a text shows.

    Raises:
        BadVersion: It shows none.
    """
    check_word(text, "a version")
    found = re.fullmatch(_VERSION, text)
    if found is None:
        raise BadVersion("Invalid Semantic Version")
    major, minor, patch = (_number(found[part]) for part in ("major", "minor", "patch"))
    pre = found["pre"] or ""
    check_pre(pre)
    return Version(major, minor, patch, pre, found["metadata"] or "", text)


def _number(digits: str | None) -> int:
    digits = (digits or "").lstrip("0") or "0"
    if len(digits) > len(str(_MOST)) or int(digits) > _MOST:
        raise BadVersion("Error parsing version segment: strconv.ParseUint: parsing [redacted]: value out of range")
    return int(digits)


def check_pre(pre: str) -> None:
    """Refuse what cannot come before a release.

    Raises:
        BadVersion: A number in it begins with 0, or it has other signs than letters, digits, `-` and `.`.
    """
    for part in pre.split("."):
        if re.fullmatch("0[0-9]+", part):
            raise BadVersion("Version segment starts with 0")
        if re.fullmatch("[0-9A-Za-z-]*", part) is None:
            raise BadVersion("Invalid Prerelease string")


def check_metadata(metadata: str) -> None:
    """Refuse what cannot be metadata.

    Raises:
        BadVersion: It has other signs than letters, digits, `-` and `.`.
    """
    if re.fullmatch(r"[0-9A-Za-z.-]*", metadata) is None:
        raise BadVersion("Invalid Metadata string")


def compare_pre(one: str, other: str) -> int:
    """Return -1, 0 or 1 for what comes before two releases: part by part, numbers before words."""
    for mine, others in zip_longest(one.split("."), other.split("."), fillvalue=""):
        if mine != others:
            return _compare_part(mine, others)
    return 0


def _compare_part(one: str, other: str) -> int:
    if not one or not other:
        return 1 if one else -1
    mine, others = _pre_number(one), _pre_number(other)
    if mine is not None and others is not None:
        return 1 if mine > others else -1
    if mine is None and others is None:
        return 1 if one > other else -1
    return 1 if mine is None else -1


def _pre_number(part: str) -> int | None:
    """Return a part as a number; what is beyond 64 bits counts as a word."""
    is_number = part.isascii() and part.isdigit() and len(part) <= len(str(_MOST))
    return int(part) if is_number and int(part) <= _MOST else None
