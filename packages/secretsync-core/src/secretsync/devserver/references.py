"""References between secrets: `${KEY}` in the same folder, `${env.folder.sub.KEY}` from an environment's root (§4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import frozen

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9\-_.@]+)\}")
_DEEPEST: Final = 10


@frozen(order=True)
class Location:
    """A folder: project by id, environment by slug, absolute path. Ordered, because lists come by path."""

    project: str
    environment: str
    path: str

    def __str__(self) -> str:
        return f"{self.environment}:{self.path}"


Lookup = Callable[[Location, str], str | None]
"""The unexpanded text of a key in a folder, None where there is none."""


def expand(text: str, at: Location, lookup: Lookup, *, chain: tuple[tuple[Location, str], ...] = ()) -> str:
    """Return a text with its references replaced, each by the expanded text of what it names.

    What is not there, leads back to where it came from or lies deeper than ten references stays as it is written;
    there is no escape.
    """

    def replacement(match: re.Match[str]) -> str:
        target = _target(match[1], at)
        if target in chain or len(chain) == _DEEPEST:
            return match[0]
        found = lookup(*target)
        return match[0] if found is None else expand(found, target[0], lookup, chain=(*chain, target))

    return _REFERENCE.sub(replacement, text)


def _target(reference: str, at: Location) -> tuple[Location, str]:
    if "." not in reference:
        return at, reference
    environment, *folders, key = reference.split(".")
    return Location(at.project, environment, "/" + "/".join(folders)), key
