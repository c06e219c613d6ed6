"""The KMS over HTTP: routes, authorisation header, ETags and the shapes of refusals (kms-api §1 to §4, §8, §10)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..values import SecretValue
from . import wire
from .access import Entropy
from .model import KMS
from .parameters import ReadParameters, read_parameters
from .refusals import Issue, Refusal, bad_request, invalid, unauthorized
from .seed import Identity, Project

Endpoint = Callable[[Request], Awaitable[wire.Json]]

_NOT_MODIFIED: Final = 304


def application(kms: KMS, *, entropy: Entropy, more: tuple[BaseRoute, ...] = ()) -> Starlette:
    """Return the ASGI application: the API, and `more` routes beside it.

    Paths arrive without a trailing slash (the gate sees to it). What it refuses has the shapes of kms-api §8.
    """
    return Starlette(
        routes=[*more, *_routes(_Api(kms))],
        exception_handlers={Refusal: _refused(entropy), HTTPException: _unknown_route},
    )


def _routes(api: _Api) -> list[Route]:
    table: dict[str, Endpoint] = {
        "/api/status": api.status,
        "/api/v1/projects/slug/{slug}": api.project_by_slug,
        "/api/v1/workspace/slug/{slug}": api.project_by_slug,
        "/api/v2/workspace/{slug}": api.project_by_slug,
        "/api/v1/projects/{id}": api.project_by_id,
        "/api/v3/secrets/raw": api.list_secrets,
        "/api/v4/secrets": api.list_secrets,
        "/api/v3/secrets/raw/{name:path}": api.get_secret,
        "/api/v4/secrets/{name:path}": api.get_secret,
    }
    login = Route("/api/v1/auth/universal-auth/login", answering(api.login), methods=["POST"])
    return [login, *(Route(path, answering(endpoint), methods=["GET"]) for path, endpoint in table.items())]


class _Api:
    def __init__(self, kms: KMS) -> None:
        self.kms = kms

    async def login(self, request: Request) -> wire.Json:
        if "authorization" in request.headers:  # checked on every request, so an ended token makes a login fail
            self._who(request)
        body = await json_body(request)
        fields = {
            name: value.strip() for name in ("clientId", "clientSecret") if isinstance(value := body.get(name), str)
        }
        missing = [name for name in ("clientId", "clientSecret") if not fields.get(name)]
        if missing:
            raise invalid(*(Issue(name, "Required") for name in missing))
        secret = SecretValue(fields["clientSecret"])
        return wire.login(self.kms.login(client_id=fields["clientId"], client_secret=secret))

    async def status(self, _: Request) -> wire.Json:
        return {"message": "Ok"}

    async def project_by_slug(self, request: Request) -> wire.Json:
        return self._project(self.kms.project(self._who(request), slug=request.path_params["slug"]))

    async def project_by_id(self, request: Request) -> wire.Json:
        return {"project": self._project(self.kms.project(self._who(request), id=request.path_params["id"]))}

    async def list_secrets(self, request: Request) -> wire.Json:
        who, project, wanted = self._read(request)
        found = self.kms.list_secrets(
            who,
            project,
            environment=wanted.environment,
            path=wanted.path,
            recursive=wanted.recursive,
            imports=wanted.imports,
            expand=wanted.expand,
        )
        return wire.listing(found, wire.Shown(project.id, wanted.values))

    async def get_secret(self, request: Request) -> wire.Json:
        who, project, wanted = self._read(request)
        row = self.kms.get_secret(
            who,
            project,
            request.path_params["name"],
            environment=wanted.environment,
            path=wanted.path,
            imports=wanted.imports,
            expand=wanted.expand,
        )
        return {"secret": wire.own_row(row, wire.Shown(project.id, wanted.values))}

    def _read(self, request: Request) -> tuple[Identity, Project, ReadParameters]:
        who = self._who(request)
        wanted = read_parameters(request.query_params, generous=request.url.path.startswith("/api/v4/"))
        return who, self.kms.project(who, id=wanted.project_id, slug=wanted.project_slug), wanted

    def _who(self, request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Token missing")
        return self.kms.identify(SecretValue(token.strip()))

    def _project(self, one: Project) -> wire.Json:
        return wire.project(one, organization=self.kms.organization, created=self.kms.started)


def answering(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint whose JSON goes out with an ETag, or as 304 to who has it already."""

    async def answer(request: Request) -> Response:
        return _respond(await endpoint(request), known=request.headers.get("if-none-match", ""))

    return answer


async def json_body(request: Request) -> dict[str, object]:
    """Return the JSON object in a request's body.

    Raises:
        Refusal: 400 when there is none. The body is not shown.
    """
    try:
        body = json.loads(await request.body())
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair has no bytes
    except ValueError:
        body = None  # refused below, because the original error carries the body
    if not isinstance(body, dict):
        raise bad_request("Body is not a JSON object")
    return body


def _respond(body: wire.Json, *, status: int = 200, known: str = "") -> Response:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.sha1(raw, usedforsecurity=False).digest()
    headers = {"etag": f'"{base64.b64encode(digest).decode()}"'}
    if known.removeprefix("W/") == headers["etag"]:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(raw, status_code=status, headers=headers, media_type="application/json")


def _refused(entropy: Entropy) -> Callable[[Request, Exception], Response]:
    def handle(_: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            raise error
        return _respond(wire.refusal(error, f"req-{entropy(7).hex()}"), status=error.status)

    return handle


def _unknown_route(request: Request, _: Exception) -> Response:
    return _respond(wire.unknown_route(request.method, request.url.path), status=404)
