"""The control API under `/_emulator/`: what a test in another process does to the server (kms-api §14.2, 11).

    POST   /_emulator/secrets    {"project", "environment", "path", "set": {key: value}, "delete": [key]}
    POST   /_emulator/folders    {"project", "environment", "path"}
    DELETE /_emulator/tokens     refuse every token issued so far
    GET    /_emulator/requests   what was asked, oldest first
    DELETE /_emulator/requests
    POST   /_emulator/faults     a `Fault`, with the names of its fields in camel case
    DELETE /_emulator/faults

Every request carries the control token as `X-Control-Token`; a server without one has none of these routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import attrs
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..config import structure
from ..errors import InvalidInput
from ..values import SecretValue
from . import wire
from .app import Endpoint, answering, json_body
from .faults import Fault, Faults, Journal
from .gate import CONTROL
from .model import KMS
from .refusals import Issue, invalid, unauthorized

T = TypeVar("T")


@frozen
class Folder:
    project: str
    environment: str
    path: str = "/"


@frozen
class Change(Folder):
    set: Mapping[str, SecretValue] = attrs.field(factory=dict)
    delete: tuple[str, ...] = ()


def control_routes(kms: KMS, *, faults: Faults, journal: Journal, token: SecretValue) -> tuple[Route, ...]:
    """Return the routes; each asks for the token."""
    control = _Control(kms, faults, journal)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("POST", "secrets", control.change),
        ("POST", "folders", control.create_folder),
        ("DELETE", "tokens", control.revoke_tokens),
        ("GET", "requests", control.requests),
        ("DELETE", "requests", control.clear_requests),
        ("POST", "faults", control.add_fault),
        ("DELETE", "faults", control.clear_faults),
    )
    return tuple(
        Route(CONTROL + name, _guarded(endpoint, token), methods=[method], name=f"{method} {name}")
        for method, name, endpoint in table
    )


@frozen
class _Control:
    kms: KMS
    faults: Faults
    journal: Journal

    async def change(self, request: Request) -> wire.Json:
        wanted = await _body(request, Change)
        self.kms.put(wanted.project, wanted.environment, wanted.path, wanted.set)
        self.kms.delete(wanted.project, wanted.environment, wanted.path, wanted.delete)
        return {"set": sorted(wanted.set), "deleted": sorted(wanted.delete)}

    async def create_folder(self, request: Request) -> wire.Json:
        wanted = await _body(request, Folder)
        self.kms.create_folder(wanted.project, wanted.environment, wanted.path)
        return {"path": wanted.path}

    async def revoke_tokens(self, _: Request) -> wire.Json:
        return {"revoked": self.kms.revoke_tokens()}

    async def requests(self, _: Request) -> wire.Json:
        return {"requests": [attrs.asdict(one) for one in self.journal.asked()]}

    async def clear_requests(self, _: Request) -> wire.Json:
        self.journal.clear()
        return {}

    async def add_fault(self, request: Request) -> wire.Json:
        self.faults.add(await _body(request, Fault))
        return {}

    async def clear_faults(self, _: Request) -> wire.Json:
        self.faults.clear()
        return {}


def _guarded(endpoint: Endpoint, token: SecretValue) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> wire.Json:
        if SecretValue(request.headers.get("x-control-token", "")) != token:
            raise unauthorized("The header X-Control-Token does not hold the control token")
        return await endpoint(request)

    return answering(guarded)


async def _body(request: Request, cls: type[T]) -> T:
    try:
        return structure(await json_body(request), cls, source="body")
    except InvalidInput as error:
        issues = [Issue("body", problem) for problem in error.problems]
    raise invalid(*issues)
