"""The control API under `/_emulator/`: what a test in another process does to the server (kms-api §14.2, 11).

    POST   /_emulator/secrets    {"project", "environment", "path", "set": {key: value}, "delete": [key]}
    POST   /_emulator/folders    {"project", "environment", "path"}
    DELETE /_emulator/tokens     refuse every token issued so far, or those of `?identity=` and `?method=`
    POST   /_emulator/proofs     {"claims": {…}}: a JWT with these claims that this server's authority has signed
    GET    /_emulator/requests   what was asked, oldest first
    DELETE /_emulator/requests
    POST   /_emulator/faults     a `Fault`, with the names of its fields in camel case
    DELETE /_emulator/faults
    POST   /_emulator/clock      {"advance": seconds}: what ends by the clock ends
    GET    /_emulator/clock
    POST   /_emulator/settings   `Settings`, with the names of its fields in camel case
    GET    /_emulator/provider   the credentials of leases: which live, which were taken back and when
    DELETE /_emulator/streams    end all connections that listen to events

Every request carries the control token as `X-Control-Token`; a server without one has none of these routes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import attrs

from ..classes import frozen
from ..config import structure
from ..errors import InvalidInput
from ..runtime.travel import Travel
from ..values import SecretValue
from . import wire
from .faults import Fault, Faults, Journal
from .feed import Release
from .gate import CONTROL
from .model import KMS
from .refusals import Issue, invalid, unauthorized
from .routing import Answer, Call, Endpoint, Route, json_body
from .seed import PermissionStyle, RenewalText

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


@frozen
class Advance:
    advance: float


@frozen
class Settings:
    """How the server behaves from now on; what is not given stays. See `KMS`, `Feed` and `Provider`."""

    permissions: PermissionStyle | None = None
    renewals: RenewalText | None = None
    plan: bool | None = None
    release: Release | None = None
    ping_every: float | None = None
    twice: bool | None = None
    oversize: bool | None = None
    silent: bool | None = None
    broken: bool | None = None


def control_routes(kms: KMS, *, clock: Travel, faults: Faults, journal: Journal, token: SecretValue) -> Iterator[Route]:
    """Yield the routes; each asks for the token."""
    control = _Control(kms, clock, faults, journal)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("POST", "secrets", control.change),
        ("POST", "folders", control.create_folder),
        ("DELETE", "tokens", control.revoke_tokens),
        ("POST", "proofs", control.sign),
        ("GET", "requests", control.requests),
        ("DELETE", "requests", control.clear_requests),
        ("POST", "faults", control.add_fault),
        ("DELETE", "faults", control.clear_faults),
        ("POST", "clock", control.advance),
        ("GET", "clock", control.time),
        ("POST", "settings", control.settle),
        ("GET", "provider", control.provider),
        ("DELETE", "streams", control.drop_streams),
    )
    for method, name, endpoint in table:
        yield Route(method, CONTROL + name, _guarded(endpoint, token))


@frozen
class _Control:
    kms: KMS
    clock: Travel
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

    def revoke_tokens(self, call: Call) -> wire.Json:
        identity, method = call.query.get("identity", ""), call.query.get("method", "")
        return {"revoked": self.kms.identities.revoke_all(identity=identity, method=method)}

    def sign(self, call: Call) -> wire.Json:
        claims = json_body(call).get("claims")
        if not isinstance(claims, dict):
            raise invalid(Issue("claims", "Required"))
        return {"jwt": self.kms.means.authority.jwt(claims)}

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

    def advance(self, call: Call) -> wire.Json:
        seconds = _body(call, Advance).advance
        if seconds < 0:
            raise invalid(Issue("advance", "time does not go back"))
        self.clock.advance(seconds)
        return self.time(call)

    def time(self, _: Call) -> wire.Json:
        return {"now": wire.timestamp(self.kms.now()), "ahead": self.clock.ahead}

    def settle(self, call: Call) -> wire.Json:
        wanted = attrs.asdict(_body(call, Settings))
        for owner in (self.kms, self.kms.feed, self.kms.provider):
            for name, value in wanted.items():
                if value is not None and name in vars(owner):
                    setattr(owner, name, value)
        return {}

    def provider(self, _: Call) -> wire.Json:
        provider = self.kms.provider
        revoked = [{"entity": one.entity, "at": wire.timestamp(one.at)} for one in provider.revoked]
        return {"live": sorted(provider.live), "revoked": revoked}

    def drop_streams(self, _: Call) -> wire.Json:
        return {"dropped": self.kms.feed.drop()}


def _guarded(endpoint: Endpoint, token: SecretValue) -> Endpoint:
    def guarded(call: Call) -> Answer:
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
