"""Logging in, renewing and revoking (kms-api §2)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from ...values import SecretValue
from .. import wire
from ..model import KMS
from ..refusals import Issue, invalid, no_organization
from ..routing import Call, Route, json_body
from .caller import caller


def routes(kms: KMS) -> Iterator[Route]:
    logins = _Logins(kms)
    yield Route("POST", "/api/v1/auth/universal-auth/login", logins.universal)
    yield Route("POST", "/api/v1/auth/token/renew", logins.renew)
    yield Route("POST", "/api/v1/auth/token/revoke", logins.revoke)


@frozen
class _Logins:
    kms: KMS

    def universal(self, call: Call) -> wire.Json:
        sent = self._fields(call, "clientId", "clientSecret")
        secret = SecretValue(sent["clientSecret"])
        return wire.login(self.kms.identities.login(client_id=sent["clientId"], client_secret=secret))

    def renew(self, call: Call) -> wire.Json:
        return wire.login(self.kms.identities.renew(SecretValue(self._fields(call, "accessToken")["accessToken"])))

    def revoke(self, call: Call) -> wire.Json:
        self.kms.identities.revoke(SecretValue(self._fields(call, "accessToken")["accessToken"]))
        return {"message": "Successfully revoked access token"}

    def _fields(self, call: Call, *names: str) -> dict[str, str]:
        """Return fields of the body, trimmed.

        Raises:
            Refusal: One is missing or empty (422), the organisation is unknown (404), or the header's token is refused.
        """
        if "authorization" in call.headers:  # checked on every request, so an ended token makes a login fail
            caller(self.kms, call)
        body = json_body(call)
        found = {name: value.strip() for name in names if isinstance(value := body.get(name), str)}
        if missing := [name for name in names if not found.get(name)]:
            raise invalid(*(Issue(name, "Required") for name in missing))
        if body.get("organizationSlug", "") not in ("", self.kms.organization):
            raise no_organization(str(body["organizationSlug"]))
        return found
