"""References between secrets: `${KEY}` in the same folder, `${env.folder.sub.KEY}` from an environment's root (§4.5).

`${@slug.env.folder.KEY}` names another project.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from attrs import field

from ..classes import frozen

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9\-_.@]+)\}")
_DEEPEST: Final = 10
_MOST_PASSES: Final = 10

OTHER_PROJECT: Final = "@"
"""Before the slug of another project, in a reference and in the `Location` that it names."""


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
    there is no escape. A reference that comes together only by replacing another is replaced too.
    """
    return _Expansion(lookup).text(text, at, chain)


Chain = tuple[tuple[Location, str], ...]


@frozen
class _Expansion:
    """One text's expansion; `left` holds the references that stay as they are written."""

    lookup: Lookup
    left: set[str] = field(factory=set)

    def text(self, text: str, at: Location, chain: Chain) -> str:
        for once_more in range(_MOST_PASSES):
            replaced = _REFERENCE.sub(partial(self._value, at, chain, bool(once_more)), text)
            if replaced == text:
                break
            text = replaced
        return text

    def _value(self, at: Location, chain: Chain, assembled: bool, match: re.Match[str]) -> str:  # noqa: FBT001 - bound by position
        # Of an assembled text nobody knows any more from which folder a reference came that was left before.
        target = _target(match[1], at)
        stays = target in chain or len(chain) == _DEEPEST or (assembled and match[0] in self.left)
        found = None if stays else self.lookup(*target)
        if found is None:
            self.left.add(match[0])
            return match[0]
        return self.text(found, target[0], (*chain, target))


def _target(reference: str, at: Location) -> tuple[Location, str]:
    if "." not in reference:
        return at, reference
    named, rest = at.project, reference
    if reference.startswith(OTHER_PROJECT):
        named, _, rest = reference.partition(".")
    environment, *folders, key = rest.split(".")
    return Location(named, environment, "/" + "/".join(folders)), key
