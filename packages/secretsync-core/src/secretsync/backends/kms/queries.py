"""What can be asked of a KMS, beside a token."""

from __future__ import annotations

from attrs import field

from ...auth.token import Token
from ...queries import Identity, Query, query
from ...values import Document


@query
class Project(Query[str]):
    """Asks for the id of the project with this slug.

    Ids are for ever, so askers may take an old answer (`ClientPolicy.slug_max_age`).
    """

    identity: Identity
    """Its host is an address from `urls.normalise`."""
    slug: str
    private = False

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Token:
        return Token(self.identity)


def _absolute(path: str) -> str:
    return "/" + path.strip("/")


@query
class Folder(Query[Document]):
    """Asks for the secrets of a folder. One with nothing in it is an empty `Document`, not an absence.

    Attributes:
        project: Its id.
        environment: Its slug.
        path: Absolute; `/app`, `app` and `/app/` are one query.
        recursive: With the folders below.
        imports: With what the folder imports.
        expand: With references replaced by the server.
    """

    identity: Identity
    """Its host is an address from `urls.normalise`."""
    project: str
    environment: str
    path: str = field(converter=_absolute)
    recursive: bool = field(default=False, kw_only=True)
    imports: bool = field(default=True, kw_only=True)
    expand: bool = field(default=True, kw_only=True)

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Token:
        return Token(self.identity)
