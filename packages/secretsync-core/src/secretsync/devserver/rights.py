"""Who may do what where: the grants of identities (kms-api §4.6)."""

from __future__ import annotations

import re
from functools import lru_cache

from ..classes import frozen
from .references import Location
from .seed import Action, Identity, PermissionStyle, Project


@frozen
class Rights:
    """What one identity may do in one project; `style` says how a server tells that it may not."""

    identity: Identity
    project: Project
    style: PermissionStyle = "node"

    def member(self) -> bool:
        return any(grant.project in (self.project.id, self.project.slug) for grant in self.identity.grants)

    def any_of(self, *actions: Action) -> bool:
        """Whether one of these is granted anywhere in the project."""
        return any(
            grant.project in (self.project.id, self.project.slug) and set(actions) & set(grant.actions)
            for grant in self.identity.grants
        )

    def allow(self, action: Action, at: Location) -> bool:
        """Whether a grant lets the identity do this in a folder."""
        return any(
            grant.project in (self.project.id, self.project.slug)
            and action in grant.actions
            and matches(grant.env, at.environment)
            and matches(grant.path, at.path)
            for grant in self.identity.grants
        )

    def describe(self, at: Location) -> bool:
        """Whether the identity may see which secrets there are; who may read values may see their names."""
        return self.allow("read", at) or self.allow("describe", at)


def matches(glob: str, text: str) -> bool:
    """Whether a glob holds a text: `*` stays within a segment, `**` does not, `/**` holds the folder itself too."""
    return _pattern(glob).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    pieces = re.split(r"(/\*\*|\*\*|\*|\?)", glob)
    meaning = {"/**": "(/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)
