"""A folder as people name it, and how it is asked for: the one function that every reader of a folder goes through."""

from __future__ import annotations

from attrs import frozen

from ...errors import PathNotFound, ProjectNotFound
from ...queries import Absent, Identity
from ...reconcile.settle import Ask
from ...values import Document
from .queries import Folder, Project


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
    project = scope.project_id or _project(ask, identity, scope.project_slug, slug_max_age)
    query = _folder(identity, project, scope)
    answer = ask(query)
    if isinstance(answer, Absent) and isinstance(answer.why, ProjectNotFound) and not scope.project_id:
        query = _folder(identity, _project(ask, identity, scope.project_slug, None), scope)
        answer = ask(query)
    if isinstance(answer, Absent):
        raise answer.why or PathNotFound(identity.host, f"list secrets of {scope.path}", "path not found")
    return query, answer.value


def _folder(identity: Identity, project: str, scope: Scope) -> Folder:
    return Folder(identity, project, scope.environment, scope.path, recursive=scope.recursive)


def _project(ask: Ask, identity: Identity, slug: str, max_age: float | None) -> str:
    answer = ask(Project(identity, slug), max_age=max_age)
    if isinstance(answer, Absent):
        raise answer.why or ProjectNotFound(identity.host, f'look up project "{slug}"', "project not found")
    return answer.value
