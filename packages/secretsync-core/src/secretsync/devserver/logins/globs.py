"""Lists of names and globs, as the settings of login methods write them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def allows(patterns: str | Iterable[str], text: str) -> bool:
    """Whether one of these (a comma list, or several) fits a text; nothing at all fits every text."""
    listed = patterns.split(",") if isinstance(patterns, str) else patterns
    wanted = [pattern.strip() for pattern in listed if pattern.strip()]
    return not wanted or any(fnmatchcase(text, pattern) for pattern in wanted)
