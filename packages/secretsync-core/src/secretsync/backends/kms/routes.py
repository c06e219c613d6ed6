"""A query as requests: each API that answers it, newest first (kms-api §3, §4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from attrs import frozen

from .decode import document, project_id
from .queries import Folder, Project
from .urls import segment


@frozen
class Route:
    """One way to ask.

    Attributes:
        path: Below `/api`.
        params: The query, complete: servers' defaults have changed, so none is relied on.
        decode: Makes the answer's value of the JSON body; a ValueError says what is wrong with it, without values.
    """

    path: str
    params: Mapping[str, str]
    decode: Callable[[object], object]


def operation(query: Project | Folder) -> str:
    """Return what the query wants, in a user's words."""
    if isinstance(query, Project):
        return f"find project {query.slug}"
    return f"list secrets of {query.path} in {query.environment}"


def routes(query: Project | Folder) -> tuple[Route, ...]:
    """Return how it can be asked, newest API first."""
    if isinstance(query, Project):
        slug = segment(query.slug)
        return tuple(Route(path + slug, {}, project_id) for path in ("/v1/projects/slug/", "/v2/workspace/"))
    shared = {
        "environment": query.environment,
        "secretPath": query.path,
        "recursive": _flag(on=query.recursive),
        "include_imports": _flag(on=query.imports),
        "expandSecretReferences": _flag(on=query.expand),
        "viewSecretValue": "true",
    }
    # The name of the imports flag changed inside v4; a server ignores the one that it does not know.
    v4 = {
        "projectId": query.project,
        **shared,
        "includeImports": _flag(on=query.imports),
        "includePersonalOverrides": "false",
    }
    decode = partial(document, path=query.path)
    return (
        Route("/v4/secrets", v4, decode),
        Route("/v3/secrets/raw", {"workspaceId": query.project, **shared}, decode),
    )


def _flag(*, on: bool) -> str:
    return "true" if on else "false"
