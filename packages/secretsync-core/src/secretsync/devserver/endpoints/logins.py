"""Logging in, renewing and revoking (kms-api §2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from ...classes import frozen
from ...values import SecretValue
from .. import wire
from ..logins.ways import WAYS, Way
from ..model import KMS
from ..refusals import Issue, bad_request, invalid, no_method, no_organization
from ..routing import Call, Route, json_body
from .caller import bearer, caller


def routes(kms: KMS) -> Iterator[Route]:
    logins = _Logins(kms)
    yield Route("POST", "/api/v1/auth/universal-auth/login", logins.universal)
    for way in WAYS:
        yield Route("POST", f"/api/v1/auth/{way.segment}/login", partial(logins.prove, way))
    yield Route("GET", "/api/v2/service-token", logins.service_token)
    yield Route("POST", "/api/v1/auth/token/renew", logins.renew)
    yield Route("POST", "/api/v1/auth/token/revoke", logins.revoke)


@frozen
class _Logins:
    kms: KMS

    def universal(self, call: Call) -> wire.Json:
        sent = self._fields(call, "clientId", "clientSecret")
        secret = SecretValue(sent["clientSecret"])
        login = self.kms.identities.login(client_id=sent["clientId"], client_secret=secret, address=call.address)
        return wire.login(login)

    def prove(self, way: Way[Any], call: Call) -> wire.Json:
        """Log in by any other method."""
        sent = self._fields(call, "identityId", *way.fields)
        identity = self.kms.identities.get(sent["identityId"])
        settings = way.settings(identity) if identity else None
        if identity is None or settings is None:
            raise no_method(sent["identityId"], way.segment)
        way.check(settings, sent, self.kms.means)
        return wire.login(self.kms.identities.admit(identity, way.segment, settings))

    def renew(self, call: Call) -> wire.Json:
        return wire.login(self.kms.identities.renew(SecretValue(self._fields(call, "accessToken")["accessToken"])))

    def revoke(self, call: Call) -> wire.Json:
        self.kms.identities.revoke(SecretValue(self._fields(call, "accessToken")["accessToken"]))
        return {"message": "Successfully revoked access token"}

    def service_token(self, call: Call) -> wire.Json:
        token, who = bearer(call), caller(self.kms, call)
        service = self.kms.identities.service(token)
        if service is None:
            raise bad_request("This is the token of an identity and no service token")
        (project,) = self.kms.projects(who)
        return wire.service_token(service, project.id, created=self.kms.started)

    def _fields(self, call: Call, *names: str) -> dict[str, str]:
        """Return fields of the body, trimmed.

        Raises:
            Refusal: One is missing or empty (422), the organisation is unknown (404), or the header's token is refused.
        """
        if "authorization" in call.headers:  # checked on every request, so an ended token makes a login fail
            caller(self.kms, call)
        body = json_body(call)
        found = {name: value.strip() for name in names if isinstance(value := body.get(name), str)}
        if isinstance(headers := body.get("headers"), dict):
            found["headers"] = json.dumps(headers)
        if missing := [name for name in names if not found.get(name)]:
            raise invalid(*(Issue(name, "Required") for name in missing))
        if body.get("organizationSlug", "") not in ("", self.kms.organization):
            raise no_organization(str(body["organizationSlug"]))
        return found
