"""What can be asked of a KMS, beside a token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeVar, final

from attrs import field

from ...auth.token import Token
from ...classes import frozen
from ...queries import Identity, Query, query
from ...retry import Backoff
from ...values import Document, Row, SecretValue

T_co = TypeVar("T_co", covariant=True)


@query
class KMSQuery(Query[T_co]):
    """Asks a KMS under an identity, with a token of that identity."""

    identity: Identity
    """Its host is an address from `urls.normalise`."""

    @property
    def host(self) -> str:
        return self.identity.host

    @property
    def credential(self) -> Token:
        return Token(self.identity)


@query
class Project(KMSQuery[str]):
    """Asks for the id of the project with this slug.

    Ids are for ever, so askers may take an old answer (`ClientPolicy.slug_max_age`).
    """

    slug: str
    private = False


@query
class ProjectSlug(KMSQuery[str]):
    """Asks for the slug of the project with this id, by which alone its leases are known."""

    project: str
    private = False


@query
class TokenProject(KMSQuery[str]):
    """Asks for the id of the project that a service token is of; other tokens are of none."""

    private = False


def absolute(path: str) -> str:
    """Return a folder's path as it is compared: with one slash before it and none behind."""
    return "/" + path.strip("/")


@frozen
class Place:
    """A folder: the project by its id, or by its slug where leases are meant; the environment by its slug."""

    project: str
    environment: str
    path: str = field(default="/", converter=absolute)

    def __str__(self) -> str:
        return f"{self.path} in {self.environment}"


@query
class Folder(KMSQuery[Document]):
    """Asks for the secrets of a folder. One with nothing in it is an empty `Document`, not an absence.

    Attributes:
        project: Its id.
        environment: Its slug.
        path: Absolute; `/app`, `app` and `/app/` are one query.
        recursive: With the folders below.
        imports: With what the folder imports.
        expand: With references replaced by the server.
        tags: Only own rows with any of these tags, by slug; none is no filter.
        metadata: Only own rows with all of these pairs, of which servers look at ten; none is no filter.
    """

    project: str
    environment: str
    path: str = field(converter=absolute)
    recursive: bool = field(default=False, kw_only=True)
    imports: bool = field(default=True, kw_only=True)
    expand: bool = field(default=True, kw_only=True)
    tags: tuple[str, ...] = field(default=(), kw_only=True)
    metadata: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)


@query
class Secret(KMSQuery[Row]):
    """Asks for one secret by its name: the folder's own, else that of its last import that has it.

    Attributes:
        project: Its id.
        environment: Its slug.
        path: Absolute; `/app`, `app` and `/app/` are one query.
        name: As it stands in the KMS; any text.
        imports: Looked for in what the folder imports, too. Such a row is of `block` 1.
        expand: With references replaced by the server.
        version: Of the secret; None is the latest.
    """

    project: str
    environment: str
    path: str = field(converter=absolute)
    name: str
    imports: bool = field(default=True, kw_only=True)
    expand: bool = field(default=True, kw_only=True)
    version: int | None = field(default=None, kw_only=True)


@final
@frozen(eq=False, repr=False)
class Lent(Mapping[str, SecretValue]):
    """What a lease lends, by name: texts, and of what is no text its JSON.

    Attributes:
        json: The names of what is no text.
    """

    texts: Mapping[str, SecretValue]
    json: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> SecretValue:
        return self.texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


@query
class DynamicSecret(KMSQuery[Lent]):
    """Asks for credentials that a dynamic secret lends, kept alive for as long as somebody asks.

    To answer it is an effect: the KMS makes a lease. Equal queries share one, so whoever wants a lease of its own names
    itself.

    Attributes:
        place: Its folder; the project by its slug.
        name: Of the dynamic secret.
        ttl: How long each lease is to live, as `90s` or `2h`; "" is as long as the dynamic secret says.
        principals: For whom, where the provider asks that (SSH).
        holder: Whose lease it is.
    """

    place: Place
    name: str
    ttl: str = field(default="", kw_only=True)
    principals: tuple[str, ...] = field(default=(), kw_only=True)
    holder: str = field(default="", kw_only=True)
    creates: ClassVar[bool] = True
    backoff: ClassVar[Backoff] = Backoff(base=5.0, cap=60.0, floor=5.0)


Read = Project | ProjectSlug | TokenProject | Folder | Secret
"""What is read with a token."""
