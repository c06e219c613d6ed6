"""A query as requests: each API that answers it, newest first (kms-api §3, §4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ...classes import frozen
from .decode import document, project_id, project_slug, single, token_project
from .queries import Folder, Project, ProjectSlug, Read, Secret, TokenProject
from .urls import segment

Decode = Callable[[object], object]
"""Makes the answer's value of a JSON body; a ValueError says what is wrong with it, without values."""


@frozen
class Route:
    """One way to ask.

    Attributes:
        path: Below `/api`.
        params: The query, complete: servers' defaults have changed, so none is relied on.
    """

    path: str
    params: Mapping[str, str]
    decode: Decode


def operation(query: Read) -> str:
    """Return what the query wants, in a user's words."""
    match query:
        case Project():
            return f"find project {query.slug}"
        case ProjectSlug():
            return f"find the slug of project {query.project}"
        case TokenProject():
            return "find the service token's project"
        case Folder():
            return f"list secrets of {query.path} in {query.environment}"
        case Secret():
            return f"read secret {query.name} of {query.path} in {query.environment}"


def routes(query: Read) -> tuple[Route, ...]:
    """Return how it can be asked, newest API first."""
    match query:
        case Project():
            slug = segment(query.slug)
            return tuple(Route(path + slug, {}, project_id) for path in ("/v1/projects/slug/", "/v2/workspace/"))
        case ProjectSlug():
            named = segment(query.project)
            ways = (("/v1/projects/", "project"), ("/v1/workspace/", "workspace"))
            return tuple(Route(path + named, {}, partial(project_slug, name=name)) for path, name in ways)
        case TokenProject():
            return (Route("/v2/service-token", {}, token_project),)
        case Folder():
            return _secrets(query, "", _list_params(query), partial(document, path=query.path))
        case Secret():
            name = "/" + segment(query.name)
            return _secrets(
                query, name, _secret_params(query), partial(single, environment=query.environment, path=query.path)
            )


def _secrets(query: Folder | Secret, name: str, own: Mapping[str, str], decode: Decode) -> tuple[Route, ...]:
    """Return the routes of either API version that lists secrets and reads single ones."""
    shared = {
        "environment": query.environment,
        "secretPath": query.path,
        "include_imports": _flag(on=query.imports),
        "expandSecretReferences": _flag(on=query.expand),
        "viewSecretValue": "true",
        **own,
    }
    # The name of the imports flag changed inside v4; a server ignores the one that it does not know.
    v4 = {
        "projectId": query.project,
        **shared,
        "includeImports": _flag(on=query.imports),
        "includePersonalOverrides": "false",
    }
    return (
        Route(f"/v4/secrets{name}", v4, decode),
        Route(f"/v3/secrets/raw{name}", {"workspaceId": query.project, **shared}, decode),
    )


def _list_params(query: Folder) -> Mapping[str, str]:
    params = {"recursive": _flag(on=query.recursive)}
    if query.tags:
        params["tagSlugs"] = ",".join(query.tags)
    if query.metadata:
        params["metadataFilter"] = "|".join(f"key={key},value={value}" for key, value in query.metadata)
    return params


def _secret_params(query: Secret) -> Mapping[str, str]:
    version = {} if query.version is None else {"version": str(query.version)}
    return {"type": "shared", **version}


def _flag(*, on: bool) -> str:
    return "true" if on else "false"
