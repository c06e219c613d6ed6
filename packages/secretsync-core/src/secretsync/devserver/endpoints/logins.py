"""Logging in (kms-api §2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from ...values import SecretValue
from .. import wire
from ..model import KMS
from ..refusals import Issue, invalid
from ..routing import Call, Route, json_body
from .caller import caller


def routes(kms: KMS) -> Iterator[Route]:
    def login(call: Call) -> wire.Json:
        return _login(kms, call)

    yield Route("POST", "/api/v1/auth/universal-auth/login", login)


def _login(kms: KMS, call: Call) -> wire.Json:
    if "authorization" in call.headers:  # checked on every request, so an ended token makes a login fail
        caller(kms, call)
    body = json_body(call)
    fields = {name: value.strip() for name in ("clientId", "clientSecret") if isinstance(value := body.get(name), str)}
    missing = [name for name in ("clientId", "clientSecret") if not fields.get(name)]
    if missing:
        raise invalid(*(Issue(name, "Required") for name in missing))
    secret = SecretValue(fields["clientSecret"])
    return wire.login(kms.login(client_id=fields["clientId"], client_secret=secret))
