"""Google's metadata service, its token service, and its API that signs for service accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from ...classes import frozen
from ..authority import KEY_ID, Authority
from ..clouds import GoogleCloud
from ..routing import Call, Reply, Route, json_body
from .replies import form, record, refused, text

_ACCESS: Final = "dev-access"


def key_file(cloud: GoogleCloud, *, authority: Authority, url: str) -> str:
    """Return the key of the service account as Google gives it, for a token service at `url`."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": cloud.project,
            "private_key_id": KEY_ID,
            "private_key": authority.private_key.text(),
            "client_email": cloud.service_account,
            "token_uri": f"{url}/token",
        }
    )


def routes(cloud: GoogleCloud, *, authority: Authority) -> Iterator[Route]:
    """Yield the routes of all three."""
    served = _Google(cloud, authority)
    yield Route("GET", "/computeMetadata/v1/instance/service-accounts/default/identity", served.identity)
    yield Route("POST", "/token", served.token)
    yield Route("POST", "/v1/projects/-/serviceAccounts/{account}:signJwt", served.sign)


@frozen
class _Google:
    cloud: GoogleCloud
    authority: Authority

    def identity(self, call: Call) -> Reply:
        audience = call.query.get("audience", "")
        if call.headers.get("metadata-flavor") != "Google" or not audience:
            return refused(403, "forbidden")
        engine = {"project_id": self.cloud.project, "zone": self.cloud.zone}
        claims = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "email": self.cloud.service_account,
            "email_verified": True,
        }
        full = {"google": {"compute_engine": engine}} if call.query.get("format") == "full" else {}
        return text(self.authority.jwt({**claims, **full}))

    def token(self, call: Call) -> Reply:
        """Take a token that the service account's key has signed."""
        claims = self.authority.claims(form(call).get("assertion", ""))
        if claims.get("iss") != self.cloud.service_account:
            return refused(400, "invalid_grant")
        return record({"access_token": _ACCESS, "token_type": "Bearer", "expires_in": 3600})

    def sign(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {_ACCESS}":
            return refused(401, "UNAUTHENTICATED")
        if call.place["account"] != self.cloud.service_account:
            return refused(404, "NOT_FOUND")
        claims = json.loads(str(json_body(call).get("payload")))
        return record({"keyId": KEY_ID, "signedJwt": self.authority.jwt(claims)})
