"""Azure's metadata service, and Entra as far as federated identities need it."""

from __future__ import annotations

from collections.abc import Iterator

from ...classes import frozen
from ..authority import Authority
from ..clouds import AzureCloud
from ..routing import Call, Reply, Route
from .replies import form, record, refused


def routes(cloud: AzureCloud, *, authority: Authority) -> Iterator[Route]:
    """Yield the routes of both."""
    served = _Azure(cloud, authority)
    yield Route("GET", "/metadata/identity/oauth2/token", served.managed)
    yield Route("POST", "/{tenant}/oauth2/v2.0/token", served.federated)


@frozen
class _Azure:
    cloud: AzureCloud
    authority: Authority

    def managed(self, call: Call) -> Reply:
        resource = call.query.get("resource", "")
        if call.headers.get("metadata") != "true" or not call.query.get("api-version") or not resource:
            return refused(400, "invalid_request")
        return self._token(resource, call.query.get("client_id", ""))

    def federated(self, call: Call) -> Reply:
        sent = form(call)
        if call.place["tenant"] != self.cloud.tenant_id or not sent.get("client_assertion"):
            return refused(401, "invalid_client")
        return self._token(sent.get("scope", "").removesuffix("/.default"), sent.get("client_id", ""))

    def _token(self, resource: str, client: str) -> Reply:
        tenant, principal = self.cloud.tenant_id, self.cloud.service_principal
        issuer = f"https://sts.windows.net/{tenant}/"
        claims = {"iss": issuer, "aud": resource, "oid": principal, "sub": principal, "tid": tenant, "appid": client}
        token = self.authority.jwt(claims)
        return record({"access_token": token, "resource": resource, "token_type": "Bearer", "expires_in": "3600"})
