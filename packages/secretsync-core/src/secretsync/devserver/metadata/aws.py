"""EC2's metadata service, the credentials service of containers, and STS as far as web identities need it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ...classes import frozen
from ...clock import Clock
from .. import wire
from ..clouds import AwsCloud, AwsPrincipal
from ..entropy import Entropy
from ..routing import Answer, Call, Endpoint, Reply, Route
from .replies import form, record, refused, text

_ROLES: Final = "/latest/meta-data/iam/security-credentials"
_LIFE: Final = timedelta(hours=1)


def routes(cloud: AwsCloud, *, clock: Clock, entropy: Entropy) -> Iterator[Route]:
    """Yield the routes of all three."""
    served = _Aws(cloud, clock, entropy(20).hex())
    yield Route("PUT", "/latest/api/token", served.session)
    yield Route("GET", _ROLES, served.guarded(served.role))
    yield Route("GET", f"{_ROLES}/{{role}}", served.guarded(served.keys))
    yield Route("GET", "/latest/dynamic/instance-identity/document", served.guarded(served.document))
    yield Route("GET", "/v2/credentials/{id}", served.container)
    yield Route("POST", "/", served.assume)


@frozen
class _Aws:
    cloud: AwsCloud
    clock: Clock
    token: str

    @property
    def principal(self) -> AwsPrincipal:
        return self.cloud.principals[0]

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Ask for the token: without it a request is one of version 1, which is off."""

        def answer(call: Call) -> Answer:
            if call.headers.get("x-aws-ec2-metadata-token") != self.token:
                return refused(401, "Unauthorized")
            return endpoint(call)

        return answer

    def session(self, call: Call) -> Reply:
        if not call.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
            return refused(400, "Bad Request")
        return text(self.token)

    def role(self, _: Call) -> Reply:
        return text(self.principal.role.rpartition("/")[2])

    def keys(self, call: Call) -> Reply:
        if call.place["role"] != self.principal.role.rpartition("/")[2]:
            return refused(404, "Not Found")
        return record({"Code": "Success", **self._keys("Token")})

    def document(self, _: Call) -> Reply:
        return record({"region": self.cloud.region, "accountId": self.principal.account})

    def container(self, call: Call) -> Reply:
        wanted = self.cloud.container_token
        if wanted and call.headers.get("authorization") != wanted:
            return refused(401, "Unauthorized")
        return record({"RoleArn": self.principal.role, **self._keys("Token")})

    def assume(self, call: Call) -> Reply:
        """Answer `AssumeRoleWithWebIdentity`; any token will do."""
        sent = form(call)
        if sent.get("RoleArn") != self.principal.role or not sent.get("WebIdentityToken"):
            return refused(403, "AccessDenied")
        result = {"Credentials": self._keys("SessionToken")}
        return record({"AssumeRoleWithWebIdentityResponse": {"AssumeRoleWithWebIdentityResult": result}})

    def _keys(self, token: str) -> dict[str, object]:
        one = self.principal
        return {
            "AccessKeyId": one.access_key_id,
            "SecretAccessKey": one.secret_access_key.text(),
            token: one.session_token.text() if one.session_token else "",
            "Expiration": wire.timestamp(self.clock.now() + _LIFE),
        }
