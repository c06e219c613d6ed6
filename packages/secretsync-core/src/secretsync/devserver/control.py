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

from collections.abc import Iterator, Mapping
from typing import TypeVar

import attrs
from attrs import frozen

from ..config import structure
from ..errors import InvalidInput
from ..values import SecretValue
from . import wire
from .faults import Fault, Faults, Journal
from .gate import CONTROL
from .model import KMS
from .refusals import Issue, invalid, unauthorized
from .routing import Call, Endpoint, Route, json_body

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


def control_routes(kms: KMS, *, faults: Faults, journal: Journal, token: SecretValue) -> Iterator[Route]:
    """Yield the routes; each asks for the token."""
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
    for method, name, endpoint in table:
        yield Route(method, CONTROL + name, _guarded(endpoint, token))


@frozen
class _Control:
    kms: KMS
    faults: Faults
    journal: Journal

    def change(self, call: Call) -> wire.Json:
        wanted = _body(call, Change)
        self.kms.put(wanted.project, wanted.environment, wanted.path, wanted.set)
        self.kms.delete(wanted.project, wanted.environment, wanted.path, wanted.delete)
        return {"set": sorted(wanted.set), "deleted": sorted(wanted.delete)}

    def create_folder(self, call: Call) -> wire.Json:
        wanted = _body(call, Folder)
        self.kms.create_folder(wanted.project, wanted.environment, wanted.path)
        return {"path": wanted.path}

    def revoke_tokens(self, _: Call) -> wire.Json:
        return {"revoked": self.kms.revoke_tokens()}

    def requests(self, _: Call) -> wire.Json:
        return {"requests": [attrs.asdict(one) for one in self.journal.asked()]}

    def clear_requests(self, _: Call) -> wire.Json:
        self.journal.clear()
        return {}

    def add_fault(self, call: Call) -> wire.Json:
        self.faults.add(_body(call, Fault))
        return {}

    def clear_faults(self, _: Call) -> wire.Json:
        self.faults.clear()
        return {}


def _guarded(endpoint: Endpoint, token: SecretValue) -> Endpoint:
    def guarded(call: Call) -> wire.Json:
        if SecretValue(call.headers.get("x-control-token", "")) != token:
            raise unauthorized("The header X-Control-Token does not hold the control token")
        return endpoint(call)

    return guarded


def _body(call: Call, cls: type[T]) -> T:
    try:
        return structure(json_body(call), cls, source="body")
    except InvalidInput as error:
        issues = [Issue("body", problem) for problem in error.problems]
    raise invalid(*issues)
