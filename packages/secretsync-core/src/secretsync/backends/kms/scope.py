"""A folder as people name it, and how it is asked for: the one function that every reader of a folder goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ...classes import frozen
from ...errors import PathNotFound, ProjectNotFound, SecretNotFound
from ...queries import Absent, Found, Identity
from ...reconcile.ask import Ask
from ...values import Document, Row
from .queries import DynamicSecret, Folder, Place, Project, ProjectSlug, Secret, TokenProject
from .routes import operation

Q = TypeVar("Q", Folder, Secret)


@frozen
class Scope:
    """A folder of a project's environment; the project by its slug or, better, its id."""

    environment: str
    path: str
    project_slug: str = ""
    project_id: str = ""
    recursive: bool = False


def read(ask: Ask, identity: Identity, scope: Scope, *, slug_max_age: float) -> Document:
    """Return the folder's document, with what it imports.

    Args:
        slug_max_age: Seconds for which a project's id is taken from its slug; a project that is not found by that id
            is looked up again at once.

    Raises:
        ProjectNotFound, EnvironmentNotFound, PathNotFound: Proven; the folder itself may be empty.
    """
    return found(ask, identity, scope, slug_max_age=slug_max_age)[1]


def found(ask: Ask, identity: Identity, scope: Scope, *, slug_max_age: float) -> tuple[Folder, Document]:
    """Return what `read` does, and the query whose answer it is."""

    def folder(project: str) -> Folder:
        return Folder(identity, project, scope.environment, scope.path, recursive=scope.recursive)

    query, answer = _answered(ask, identity, scope, folder, slug_max_age=slug_max_age)
    if isinstance(answer, Absent):
        raise answer.why or PathNotFound(identity.host, operation(query), "path not found")
    return query, answer.value


def single(
    ask: Ask, identity: Identity, scope: Scope, name: str, *, version: int | None = None, slug_max_age: float
) -> Row:
    """Return one secret of the folder, or of its last import that has it.

    Args:
        version: Of the secret; None is the latest.
        slug_max_age: As for `read`.

    Raises:
        ProjectNotFound, EnvironmentNotFound, PathNotFound, SecretNotFound: Proven.
    """

    def secret(project: str) -> Secret:
        return Secret(identity, project, scope.environment, scope.path, name, version=version)

    query, answer = _answered(ask, identity, scope, secret, slug_max_age=slug_max_age)
    if isinstance(answer, Absent):
        raise answer.why or SecretNotFound(identity.host, operation(query), "secret not found")
    row: Row = answer.value
    return row


def leased(
    ask: Ask, identity: Identity, scope: Scope, name: str, *, ttl: str, holder: str, slug_max_age: float
) -> DynamicSecret:
    """Return the query for a lease of a dynamic secret of the folder.

    Args:
        ttl, holder: As of the query.
        slug_max_age: Seconds for which a project's slug is taken from its id.

    Raises:
        ProjectNotFound: Proven.
    """
    slug = scope.project_slug
    if not slug:
        answer = ask(ProjectSlug(identity, scope.project_id), max_age=slug_max_age)
        if isinstance(answer, Absent):
            raise answer.why or ProjectNotFound(identity.host, f"lease {name} of {scope.path}", "project not found")
        slug = answer.value
    return DynamicSecret(identity, Place(slug, scope.environment, scope.path), name, ttl=ttl, holder=holder)


def token_project(ask: Ask, identity: Identity, *, max_age: float) -> str:
    """Return the id of the project that an identity's service token is of; it may be so many seconds old.

    Raises:
        ProjectNotFound: Proven.
    """
    query = TokenProject(identity)
    answer = ask(query, max_age=max_age)
    if isinstance(answer, Absent):
        raise answer.why or ProjectNotFound(identity.host, operation(query), "project not found")
    return answer.value


def _answered(
    ask: Ask, identity: Identity, scope: Scope, query_of: Callable[[str], Q], *, slug_max_age: float
) -> tuple[Q, Found[Any] | Absent]:
    query = query_of(scope.project_id or _project(ask, identity, scope.project_slug, slug_max_age))
    answer = ask(query)
    if isinstance(answer, Absent) and isinstance(answer.why, ProjectNotFound) and not scope.project_id:
        query = query_of(_project(ask, identity, scope.project_slug, None))
        answer = ask(query)
    return query, answer


def _project(ask: Ask, identity: Identity, slug: str, max_age: float | None) -> str:
    answer = ask(Project(identity, slug), max_age=max_age)
    if isinstance(answer, Absent):
        raise answer.why or ProjectNotFound(identity.host, f'look up project "{slug}"', "project not found")
    return answer.value
